package io.pgbackup.cli.command;

import static java.util.Objects.requireNonNull;

import io.pgbackup.catalog.Lineage;
import io.pgbackup.cli.output.JsonOutput;
import io.pgbackup.cli.view.RetentionView;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.problem.Problem;
import io.pgbackup.restore.TargetTime;
import io.pgbackup.retention.Projection;
import io.pgbackup.retention.RetentionInput;
import io.pgbackup.retention.RetentionPlanner;
import io.pgbackup.retention.RetentionRules;
import io.pgbackup.schedule.Timing;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "simulate",
    description = "Show what will be kept on a day to come, or with other rules.",
    footer = {
      "",
      "With a configuration, a full base backup is assumed each time its backup.schedule comes until",
      "then; without one, none is. Restores and holds of today are left out if they have ended then.",
      "",
      "Examples:",
      "  pgbackup --config agent.yaml retention simulate --on 2027-01-01",
      "  pgbackup --config agent.yaml retention simulate --on 2027-01-01 --keep-monthly 6",
    })
final class RetentionSimulateCommand extends RetentionVerb {
  @Option(
      names = "--on",
      paramLabel = "DATE",
      required = true,
      description = "A day, 2027-01-01 (its beginning in UTC), or a timestamp with its offset.")
  private @Nullable String on;

  @Mixin private final RuleOptions rules = new RuleOptions();

  RetentionSimulateCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  void run(Tools tools, List<Lineage> lineages) {
    Instant day = instant(requireNonNull(on));
    if (day.isBefore(tools.clock().instant())) {
      throw Problem.misconfigured("--on %s lies in the past".formatted(day), "Give a day to come.")
          .asException();
    }
    List<RetentionView.Planned> planned =
        lineages.stream().map(lineage -> simulate(tools, lineage, day)).toList();
    print(
        () -> JsonOutput.render(RetentionView.planned(planned)),
        () -> RetentionView.plans(planned));
  }

  private RetentionView.Planned simulate(Tools tools, Lineage lineage, Instant day) {
    Optional<RetentionRules> wanted = rules.over(tools.rules(lineage));
    if (wanted.isEmpty()) {
      return new RetentionView.Planned(lineage, Optional.empty(), Set.of());
    }
    RetentionInput now = tools.reader().read(lineage, wanted.get());
    Optional<Timing> schedule =
        tools
            .configuration()
            .own()
            .filter(config -> config.backup().enabled())
            .map(PgBackupConfig::backupTiming);
    Projection.Projected projected =
        schedule
            .map(timing -> Projection.of(now.survey(), timing, now.now(), day))
            .orElseGet(() -> new Projection.Projected(now.survey(), Set.of()));
    return new RetentionView.Planned(
        lineage,
        Optional.of(
            RetentionPlanner.plan(
                new RetentionInput(
                    projected.survey(), wanted.get(), now.holds(), List.of(), now.doubts(), day))),
        projected.assumed());
  }

  private static Instant instant(String text) {
    try {
      return LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
    } catch (DateTimeParseException _) {
      return TargetTime.parse(text, ZoneId.systemDefault());
    }
  }
}
