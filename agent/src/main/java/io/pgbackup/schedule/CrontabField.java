package io.pgbackup.schedule;

import java.util.List;
import java.util.Locale;
import java.util.SortedSet;
import java.util.TreeSet;

/// One of the five fields: its bounds, its names, and how its text becomes a set of numbers.
enum CrontabField {
  MINUTE("minute", 0, 59, ""),
  HOUR("hour", 0, 23, ""),
  DAY_OF_MONTH("day of month", 1, 31, ""),
  MONTH("month", 1, 12, "jan feb mar apr may jun jul aug sep oct nov dec"),
  /// 7 is Sunday too, also at the end of a range: `5-7` is Friday to Sunday.
  DAY_OF_WEEK("day of week", 0, 7, "sun mon tue wed thu fri sat");

  private final String title;
  private final int least;
  private final int greatest;

  /// In order, with blanks between; empty where the field has none.
  private final String names;

  CrontabField(String title, int least, int greatest, String names) {
    this.title = title;
    this.least = least;
    this.greatest = greatest;
    this.names = names;
  }

  SortedSet<Integer> parse(String text) {
    SortedSet<Integer> values = new TreeSet<>();
    for (String item : text.split(",", -1)) {
      addItem(text, item, values);
    }
    return values;
  }

  private void addItem(String text, String item, SortedSet<Integer> values) {
    int slash = item.indexOf('/');
    String range = slash < 0 ? item : item.substring(0, slash);
    int dash = range.indexOf('-');
    boolean all = range.equals("*");
    int first = all ? least : number(text, dash < 0 ? range : range.substring(0, dash));
    int last = all ? lastOfAll() : dash < 0 ? first : number(text, range.substring(dash + 1));
    if (slash >= 0 && !all && dash < 0) {
      throw refused(text, "a step needs a range or '*' before it, such as */15");
    }
    if (first > last) {
      throw refused(text, "the range %s runs backwards".formatted(range));
    }
    int step = slash < 0 ? 1 : step(text, item.substring(slash + 1));
    for (int value = first; value <= last; value += step) {
      values.add(this == DAY_OF_WEEK ? value % 7 : value);
    }
  }

  private int lastOfAll() {
    return this == DAY_OF_WEEK ? 6 : greatest;
  }

  private int step(String text, String digits) {
    if (!digits.matches("[0-9]{1,2}") || Integer.parseInt(digits) == 0) {
      throw refused(text, "'%s' is not a step".formatted(digits));
    }
    return Integer.parseInt(digits);
  }

  private int number(String text, String word) {
    int named = List.of(names.split(" ")).indexOf(word.toLowerCase(Locale.ROOT));
    if (named >= 0 && !word.isEmpty()) {
      return named + least;
    }
    if (!word.matches("[0-9]{1,2}")) {
      throw refused(
          text,
          names.isEmpty()
              ? "'%s' is not a number".formatted(word)
              : "'%s' is neither a number nor one of %s".formatted(word, names));
    }
    int number = Integer.parseInt(word);
    if (number < least || number > greatest) {
      throw refused(text, "%d is not between %d and %d".formatted(number, least, greatest));
    }
    return number;
  }

  private IllegalArgumentException refused(String text, String reason) {
    return new IllegalArgumentException("%s '%s': %s".formatted(title, text, reason));
  }
}
