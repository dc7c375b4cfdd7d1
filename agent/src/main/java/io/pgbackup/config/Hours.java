package io.pgbackup.config;

import java.time.DateTimeException;
import java.time.LocalTime;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A part of every day, as people write it: `08:00-20:00`, or over midnight `22:00-06:00`.
///
/// @param from inclusive
/// @param to exclusive, and another one than `from`
public record Hours(LocalTime from, LocalTime to) {
  private static final Pattern FORM = Pattern.compile("([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})");

  public Hours {
    if (from.equals(to)) {
      throw new IllegalArgumentException("must end at another time than it begins, got " + from);
    }
  }

  /// @throws IllegalArgumentException with a message that says what is expected
  static Hours parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw expected(text);
    }
    try {
      return new Hours(LocalTime.parse(matcher.group(1)), LocalTime.parse(matcher.group(2)));
    } catch (DateTimeException _) {
      throw expected(text);
    }
  }

  private static IllegalArgumentException expected(String text) {
    return new IllegalArgumentException(
        "must be two times of day, such as 08:00-20:00 or 22:00-06:00; got '" + text + "'");
  }

  public boolean contains(LocalTime time) {
    boolean begun = !time.isBefore(from);
    boolean over = !time.isBefore(to);
    return from.isBefore(to) ? begun && !over : begun || !over;
  }

  @Override
  public String toString() {
    return from + "-" + to;
  }
}
