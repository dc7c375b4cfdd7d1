package io.pgbackup.restore;

import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/// How an instant is written for people: always in UTC and in local time, because a target that is
/// an hour off restores the wrong data.
final class Moments {
  private static final DateTimeFormatter LOCAL =
      new DateTimeFormatterBuilder()
          .appendPattern("uuuu-MM-dd HH:mm:ss")
          .appendFraction(ChronoField.MICRO_OF_SECOND, 0, 6, true)
          .appendOffset("+HH:MM", "+00:00")
          .toFormatter(Locale.ROOT);

  private Moments() {}

  /// For example `2026-11-21T02:13:37.35Z (2026-11-21 03:13:37.35+01:00 Europe/Berlin)`; only the
  /// first half where the zone is UTC itself.
  static String both(Instant instant, ZoneId zone) {
    return isUtc(zone, instant) ? utc(instant) : utc(instant) + " (" + local(instant, zone) + ")";
  }

  /// What `--timestamp` accepts.
  static String utc(Instant instant) {
    return instant.truncatedTo(ChronoUnit.MICROS).toString();
  }

  private static String local(Instant instant, ZoneId zone) {
    String text = LOCAL.format(instant.atZone(zone));
    return zone instanceof ZoneOffset ? text : text + " " + zone.getId();
  }

  private static boolean isUtc(ZoneId zone, Instant instant) {
    return zone.getRules().getOffset(instant).equals(ZoneOffset.UTC)
        && zone.getRules().isFixedOffset();
  }
}
