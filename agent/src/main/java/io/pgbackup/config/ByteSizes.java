package io.pgbackup.config;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Numbers of bytes as people write them: `512KiB`, `50MiB`, `2GiB`.
final class ByteSizes {
  private static final List<String> UNITS = List.of("B", "KiB", "MiB", "GiB");
  private static final Pattern FORM = Pattern.compile("([0-9]{1,9})(B|KiB|MiB|GiB)");

  private ByteSizes() {}

  /// @throws IllegalArgumentException with a message that says what is expected
  static long parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "must be a number with B, KiB, MiB or GiB, such as 50MiB; got '" + text + "'");
    }
    long size = Long.parseLong(matcher.group(1)) << (10 * UNITS.indexOf(matcher.group(2)));
    if (size == 0) {
      throw new IllegalArgumentException("must be more than nothing, got '" + text + "'");
    }
    return size;
  }

  /// In the greatest unit that needs no fraction.
  static String print(long size) {
    int unit = Math.min(UNITS.size() - 1, Long.numberOfTrailingZeros(size) / 10);
    return (size >> (10 * unit)) + UNITS.get(unit);
  }
}
