package io.pgbackup.config;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalUnit;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Spans of time as people write them: `30s`, `45m`, `12h`, `14d`, `2w`.
public final class Durations {
  private static final Pattern FORM = Pattern.compile("([0-9]{1,9})(s|m|h|d|w)");

  private Durations() {}

  /// @throws IllegalArgumentException with a message that says what is expected
  public static Duration parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "must be a number with s, m, h, d or w, such as 30s or 14d; got '" + text + "'");
    }
    Duration duration =
        unit(matcher.group(2)).getDuration().multipliedBy(Long.parseLong(matcher.group(1)));
    if (duration.isZero()) {
      throw new IllegalArgumentException("must be longer than nothing, got '" + text + "'");
    }
    return duration;
  }

  /// In the greatest unit that needs no fraction, at most days: `14d`, `36h`.
  public static String print(Duration duration) {
    long seconds = duration.toSeconds();
    for (String letter : List.of("d", "h", "m")) {
      long length = unit(letter).getDuration().toSeconds();
      if (seconds % length == 0) {
        return seconds / length + letter;
      }
    }
    return seconds + "s";
  }

  private static TemporalUnit unit(String letter) {
    return switch (letter) {
      case "s" -> ChronoUnit.SECONDS;
      case "m" -> ChronoUnit.MINUTES;
      case "h" -> ChronoUnit.HOURS;
      case "d" -> ChronoUnit.DAYS;
      default -> ChronoUnit.WEEKS;
    };
  }
}
