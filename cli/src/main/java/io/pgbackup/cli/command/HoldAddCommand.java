package io.pgbackup.cli.command;

import static java.util.Objects.requireNonNull;

import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.cli.output.JsonOutput;
import io.pgbackup.cli.view.HoldsView;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.problem.Problem;
import io.pgbackup.restore.TargetTime;
import io.pgbackup.retention.Hold;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "add",
    description = "Hold a base backup, or every instant since one.",
    footer = {
      "",
      "A held base backup stays with what it stands on and the WAL that makes it consistent. --since",
      "keeps every instant from then on restorable: the base backup before it and all WAL behind that.",
      "",
      "Examples:",
      "  pgbackup --config agent.yaml hold add --since 2026-11-20T08:00:00Z --reason 'incident 812'",
    })
final class HoldAddCommand extends RetentionVerb {
  @ArgGroup(multiplicity = "1")
  private What what = new What();

  /// Exactly one of them.
  static final class What {
    @Option(
        names = "--backup",
        paramLabel = "NAME",
        description = "The base backup; 'pgbackup backups' lists them.")
    private @Nullable String backup;

    @Option(
        names = "--since",
        paramLabel = "T",
        description = "The first instant, with its offset from UTC.")
    private @Nullable String since;
  }

  @Option(
      names = "--reason",
      paramLabel = "TEXT",
      required = true,
      description = "Why, for whoever wonders later.")
  private @Nullable String reason;

  @Option(
      names = "--owner",
      paramLabel = "WHO",
      description = "Whose hold it is; this user if left out.")
  private @Nullable String owner;

  @Option(
      names = "--for",
      paramLabel = "D",
      description = "How long, for example 90d; until it is removed if left out.")
  private @Nullable String length;

  HoldAddCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  void run(Tools tools, List<Lineage> lineages) {
    Hold.Held held = held();
    Lineage lineage = one(tools, lineages, held);
    Hold hold =
        tools
            .holds()
            .add(
                lineage.prefix(),
                orThisUser(owner),
                requireNonNull(reason),
                held,
                Optional.ofNullable(length)
                    .map(
                        text -> tools.clock().instant().plus(RuleOptions.duration("--for", text))));
    List<HoldsView.Row> rows = HoldsView.rows(lineage, List.of(hold));
    print(() -> JsonOutput.render(rows), () -> HoldsView.table(rows));
  }

  private Hold.Held held() {
    return what.backup == null
        ? new Hold.Held.Since(TargetTime.parse(requireNonNull(what.since), ZoneId.systemDefault()))
        : new Hold.Held.Backup(
            LineageOptions.value("--backup", what.backup, text -> new BackupName(text)));
  }

  private static Lineage one(Tools tools, List<Lineage> lineages, Hold.Held held) {
    Catalog catalog = new Catalog(tools.archives().store(), tools.archives().cipher());
    List<Lineage> holding =
        lineages.stream()
            .filter(
                lineage ->
                    !(held instanceof Hold.Held.Backup(BackupName name))
                        || catalog.surveyBackups(lineage).backups().stream()
                            .anyMatch(backup -> backup.name().equals(name)))
            .toList();
    if (holding.isEmpty()) {
      throw Problem.notFound(
              "there is no such base backup", "'pgbackup backups' lists what is there.")
          .asException();
    }
    if (holding.size() > 1) {
      throw Problem.misconfigured(
              "%d lineages may be meant".formatted(holding.size()), "Say which with --uid.")
          .asException();
    }
    return holding.getFirst();
  }
}
