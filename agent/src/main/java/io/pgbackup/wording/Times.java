package io.pgbackup.wording;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/// Times and spans for people. Every instant is written as `--timestamp` accepts it.
public final class Times {
  private Times() {}

  /// To the second, cut off.
  public static String second(Instant instant) {
    return instant.truncatedTo(ChronoUnit.SECONDS).toString();
  }

  /// To the microsecond, PostgreSQL's own resolution.
  public static String exact(Instant instant) {
    return instant.truncatedTo(ChronoUnit.MICROS).toString();
  }

  /// The two greatest units: `350 ms`, `4 s`, `2 min 5 s`, `3 h 20 min`, `9 d 4 h`.
  public static String span(Duration span) {
    long seconds = span.toSeconds();
    if (seconds < 1) {
      return span.toMillis() + " ms";
    }
    if (seconds < 60) {
      return seconds + " s";
    }
    if (seconds < 3600) {
      return two(seconds, 60, "min", "s");
    }
    return seconds < 86_400 ? two(seconds / 60, 60, "h", "min") : two(seconds / 3600, 24, "d", "h");
  }

  private static String two(long amount, long base, String great, String small) {
    long rest = amount % base;
    return amount / base + " " + great + (rest == 0 ? "" : " " + rest + " " + small);
  }
}
