package io.pgbackup.retention;

import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.PgBackupConfig.RetentionConfig;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;

/// What is to be kept. A base backup stays when any rule wants it. Immutable.
///
/// @param keepFull full base backups to keep, the newest ones; from the oldest of them on every
///   instant stays restorable; at least 1
/// @param window how far back every instant stays restorable
/// @param keepDaily days, the newest that have a base backup, whose last one is kept as a point:
///   without the WAL behind it
/// @param keepWeekly the same for weeks, which begin on Monday
/// @param keepMonthly the same for months
/// @param keepYearly the same for years
/// @param timeZone in which days begin
public record RetentionRules(
    int keepFull,
    Duration window,
    int keepDaily,
    int keepWeekly,
    int keepMonthly,
    int keepYearly,
    ZoneId timeZone) {
  public RetentionRules {
    if (keepFull < 1) {
      throw new IllegalArgumentException("keepFull must be at least 1, got " + keepFull);
    }
    if (window.isNegative()) {
      throw new IllegalArgumentException("window must not be negative, got " + window);
    }
    if (keepDaily < 0 || keepWeekly < 0 || keepMonthly < 0 || keepYearly < 0) {
      throw new IllegalArgumentException("a number of points to keep must not be negative");
    }
  }

  /// The rules of a configuration, with days as its base backups' schedule has them.
  public static RetentionRules of(PgBackupConfig config) {
    RetentionConfig rules = config.retention();
    return new RetentionRules(
        rules.keepFull(),
        rules.window(),
        rules.keepDaily(),
        rules.keepWeekly(),
        rules.keepMonthly(),
        rules.keepYearly(),
        config.backup().timeZone());
  }

  /// What keeps whatever either of them keeps; days begin as these rules have it.
  public RetentionRules atLeast(RetentionRules floor) {
    return new RetentionRules(
        Math.max(keepFull, floor.keepFull),
        window.compareTo(floor.window) < 0 ? floor.window : window,
        Math.max(keepDaily, floor.keepDaily),
        Math.max(keepWeekly, floor.keepWeekly),
        Math.max(keepMonthly, floor.keepMonthly),
        Math.max(keepYearly, floor.keepYearly),
        timeZone);
  }

  /// For people: `7 full base backups, 14d of every instant, the last of 4 weeks`.
  public String words() {
    List<String> words = new ArrayList<>();
    words.add(keepFull == 1 ? "1 full base backup" : keepFull + " full base backups");
    if (window.isPositive()) {
      words.add("every instant of " + Words.duration(window));
    }
    points(keepDaily, "day", words);
    points(keepWeekly, "week", words);
    points(keepMonthly, "month", words);
    points(keepYearly, "year", words);
    return String.join(", ", words);
  }

  private static void points(int count, String what, List<String> words) {
    if (count > 0) {
      words.add("the last of %d %s%s".formatted(count, what, count == 1 ? "" : "s"));
    }
  }
}
