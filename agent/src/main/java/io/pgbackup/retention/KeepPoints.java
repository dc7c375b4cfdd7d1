package io.pgbackup.retention;

import io.pgbackup.catalog.BaseBackup;
import java.time.LocalDate;
import java.time.temporal.IsoFields;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.BinaryOperator;
import java.util.function.Function;

/// The last base backup of each of the newest days, weeks, months and years that have one. Pure.
record KeepPoints(RetentionRules rules) {

  /// @param backups that can be restored
  /// @param keep told each backup and why
  void choose(List<BaseBackup> backups, BiConsumer<BaseBackup, String> keep) {
    choose(backups, rules.keepDaily(), "day", LocalDate::toString, keep);
    choose(backups, rules.keepWeekly(), "week", KeepPoints::week, keep);
    choose(backups, rules.keepMonthly(), "month", date -> date.toString().substring(0, 7), keep);
    choose(backups, rules.keepYearly(), "year", date -> date.toString().substring(0, 4), keep);
  }

  private void choose(
      List<BaseBackup> backups,
      int count,
      String what,
      Function<LocalDate, String> period,
      BiConsumer<BaseBackup, String> keep) {
    if (count == 0) {
      return;
    }
    // names of periods sort as the periods do
    TreeMap<String, BaseBackup> last = new TreeMap<>(Comparator.reverseOrder());
    for (BaseBackup backup : backups) {
      LocalDate date = LocalDate.ofInstant(backup.finishTime(), rules.timeZone());
      last.merge(period.apply(date), backup, BinaryOperator.maxBy(NEWER));
    }
    last.entrySet().stream()
        .limit(count)
        .forEach(
            entry ->
                keep.accept(entry.getValue(), "last of %s %s".formatted(what, entry.getKey())));
  }

  static final Comparator<BaseBackup> NEWER =
      Comparator.comparing(BaseBackup::finishTime)
          .thenComparing(BaseBackup::finishLsn)
          .thenComparing(BaseBackup::name);

  private static String week(LocalDate date) {
    return "%d-W%02d"
        .formatted(
            date.get(IsoFields.WEEK_BASED_YEAR), date.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
  }
}
