package io.pgbackup.wording;

import java.util.Locale;

/// Bytes for people: `512 B`, `1.5 GiB`. Three digits at most before the unit, one behind the point
/// below ten.
public final class Sizes {
  private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

  private Sizes() {}

  public static String human(long bytes) {
    double amount = bytes;
    int unit = 0;
    while (amount >= 999.5 && unit < UNITS.length - 1) {
      amount /= 1024;
      unit++;
    }
    return unit > 0 && amount < 9.95
        ? String.format(Locale.ROOT, "%.1f %s", amount, UNITS[unit])
        : String.format(Locale.ROOT, "%.0f %s", amount, UNITS[unit]);
  }
}
