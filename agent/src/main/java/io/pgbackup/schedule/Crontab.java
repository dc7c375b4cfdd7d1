package io.pgbackup.schedule;

import java.time.Month;
import java.util.Map;
import java.util.SortedSet;

/// A schedule as crontab(5) writes it: minute, hour, day of month, month, day of week. Lists,
/// ranges, steps and the names `jan`-`dec`, `sun`-`sat` are understood; Sunday is 0 and 7. Where
/// both days are restricted, that is neither begins with `*`, either one suffices. `@daily` and its
/// like stand for five fields.
///
/// Immutable; equal where the text is.
public final class Crontab {
  /// All but `@reboot`, which names no time.
  private static final Map<String, String> NAMED =
      Map.of(
          "@yearly", "0 0 1 1 *",
          "@annually", "0 0 1 1 *",
          "@monthly", "0 0 1 * *",
          "@weekly", "0 0 * * 0",
          "@daily", "0 0 * * *",
          "@midnight", "0 0 * * *",
          "@hourly", "0 * * * *");

  private final String text;
  private final SortedSet<Integer> minutes;
  private final SortedSet<Integer> hours;
  private final SortedSet<Integer> daysOfMonth;
  private final SortedSet<Integer> months;
  private final SortedSet<Integer> daysOfWeek;
  private final boolean eitherDay;

  private Crontab(String text, String[] fields) {
    this.text = text;
    this.minutes = CrontabField.MINUTE.parse(fields[0]);
    this.hours = CrontabField.HOUR.parse(fields[1]);
    this.daysOfMonth = CrontabField.DAY_OF_MONTH.parse(fields[2]);
    this.months = CrontabField.MONTH.parse(fields[3]);
    this.daysOfWeek = CrontabField.DAY_OF_WEEK.parse(fields[4]);
    this.eitherDay = !fields[2].startsWith("*") && !fields[4].startsWith("*");
  }

  /// @throws IllegalArgumentException with a message that names the field
  public static Crontab parse(String text) {
    String stripped = text.strip();
    String[] fields = NAMED.getOrDefault(stripped, stripped).split("\\s+");
    if (fields.length != 5) {
      throw new IllegalArgumentException(
          "'%s' is not a crontab schedule: it has five fields, minute, hour, day of month, month, day of week (example: 0 2 * * *), or is one of @hourly, @daily, @weekly, @monthly and @yearly"
              .formatted(text));
    }
    Crontab crontab = new Crontab(String.join(" ", fields), fields);
    if (!crontab.everComes()) {
      throw new IllegalArgumentException(
          "'%s' never comes: its months have no day %d"
              .formatted(text, crontab.daysOfMonth.first()));
    }
    return crontab;
  }

  private boolean everComes() {
    return eitherDay || months.stream().anyMatch(month -> daysOfMonth.first() <= lastDay(month));
  }

  private static int lastDay(int month) {
    return Month.of(month).maxLength();
  }

  SortedSet<Integer> minutes() {
    return minutes;
  }

  SortedSet<Integer> hours() {
    return hours;
  }

  SortedSet<Integer> daysOfMonth() {
    return daysOfMonth;
  }

  SortedSet<Integer> months() {
    return months;
  }

  /// 0 is Sunday.
  SortedSet<Integer> daysOfWeek() {
    return daysOfWeek;
  }

  /// Whether one of the two days suffices; otherwise both must match.
  boolean eitherDay() {
    return eitherDay;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Crontab crontab && crontab.text.equals(text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  @Override
  public String toString() {
    return text;
  }
}
