package io.pgbackup.cli.command;

import io.pgbackup.problem.Problem;
import io.pgbackup.retention.RetentionRules;
import java.time.Duration;
import java.time.ZoneId;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// Rules to try, instead of those that are stored.
final class RuleOptions {
  private static final Pattern DURATION = Pattern.compile("([0-9]{1,6})([smhdw])");

  /// The configuration's defaults.
  private static final RetentionRules DEFAULT =
      new RetentionRules(7, Duration.ofDays(14), 0, 0, 0, 0, ZoneId.of("UTC"));

  @Option(
      names = "--keep-full",
      paramLabel = "N",
      description = "Try another number of full backups.")
  private @Nullable Integer keepFull;

  @Option(
      names = "--window",
      paramLabel = "D",
      description = "Try another window, for example 30d.")
  private @Nullable String window;

  @Option(names = "--keep-daily", paramLabel = "N", description = "Try points of so many days.")
  private @Nullable Integer keepDaily;

  @Option(names = "--keep-weekly", paramLabel = "N", description = "Of weeks.")
  private @Nullable Integer keepWeekly;

  @Option(names = "--keep-monthly", paramLabel = "N", description = "Of months.")
  private @Nullable Integer keepMonthly;

  @Option(names = "--keep-yearly", paramLabel = "N", description = "Of years.")
  private @Nullable Integer keepYearly;

  /// @return empty where nothing is stored and nothing is tried
  Optional<RetentionRules> over(Optional<RetentionRules> stored) {
    boolean tried =
        keepFull != null
            || window != null
            || keepDaily != null
            || keepWeekly != null
            || keepMonthly != null
            || keepYearly != null;
    if (!tried) {
      return stored;
    }
    RetentionRules base = stored.orElse(DEFAULT);
    try {
      return Optional.of(
          new RetentionRules(
              or(keepFull, base.keepFull()),
              window == null ? base.window() : duration("--window", window),
              or(keepDaily, base.keepDaily()),
              or(keepWeekly, base.keepWeekly()),
              or(keepMonthly, base.keepMonthly()),
              or(keepYearly, base.keepYearly()),
              base.timeZone()));
    } catch (IllegalArgumentException e) {
      throw Problem.misconfigured(
              String.valueOf(e.getMessage()), "'pgbackup retention plan --help' lists the rules.")
          .causedBy(e);
    }
  }

  private static int or(@Nullable Integer tried, int stored) {
    return tried == null ? stored : tried;
  }

  static Duration duration(String option, String text) {
    Matcher matcher = DURATION.matcher(text);
    if (!matcher.matches()) {
      throw Problem.misconfigured(
              "%s: '%s' is no duration".formatted(option, text),
              "Write a number and a unit: 36h, 14d, 2w.")
          .asException();
    }
    long number = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2).charAt(0)) {
      case 's' -> Duration.ofSeconds(number);
      case 'm' -> Duration.ofMinutes(number);
      case 'h' -> Duration.ofHours(number);
      case 'd' -> Duration.ofDays(number);
      default -> Duration.ofDays(7 * number);
    };
  }
}
