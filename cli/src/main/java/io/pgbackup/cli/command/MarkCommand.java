package io.pgbackup.cli.command;

import static java.util.Objects.requireNonNull;

import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.cli.output.JsonOutput;
import io.pgbackup.cli.source.Configuration;
import io.pgbackup.engine.BackupMarks;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.problem.Problem;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "mark",
    description = "Keep a base backup for ever, or no longer.",
    footer = {
      "",
      "A permanent base backup is never expired, by pgbackup or by wal-g; nor is what it stands on,",
      "which is marked with it. The names of the backups whose mark changed go to standard output.",
      "",
      "Examples:",
      "  pgbackup --config agent.yaml mark --backup base_000000010000000000000002 --permanent",
      "  pgbackup --config agent.yaml mark --backup base_000000010000000000000002 --impermanent",
    })
final class MarkCommand extends Verb {
  @Mixin private final LineageOptions options = new LineageOptions();

  @Option(
      names = "--backup",
      paramLabel = "NAME",
      required = true,
      description = "The base backup; 'pgbackup backups' lists them.")
  private @Nullable String name;

  @ArgGroup(multiplicity = "1")
  private MarkOptions mark = new MarkOptions();

  /// Exactly one of them.
  static final class MarkOptions {
    @Option(names = "--permanent", description = "Keep it, and what it stands on.")
    private boolean permanent;

    @Option(
        names = "--impermanent",
        description = "Take its mark away; refused while a permanent delta stands on it.")
    @SuppressWarnings("UnusedVariable")
    private boolean impermanent;
  }

  MarkCommand(Surroundings surroundings) {
    super(surroundings);
  }

  /// What became of it.
  record Marked(boolean permanent, List<String> changed) {}

  @Override
  public void run() {
    BackupName backup =
        LineageOptions.value("--backup", requireNonNull(name), text -> new BackupName(text));
    Configuration configuration = options.in(configuration());
    try (Archives archives = Archives.open(configuration)) {
      Reading reading = archives.read(options.cluster(configuration), options.uid());
      reading.requireAny();
      BackupMarks marks =
          new BackupMarks(archives.store(), layout(reading.catalogs(), backup, archives));
      List<BackupName> changed =
          mark.permanent
              ? marks.markPermanent(backup)
              : marks.markImpermanent(backup) ? List.of(backup) : List.of();
      say(
          changed.isEmpty()
              ? "%s was %s already".formatted(backup, mark.permanent ? "permanent" : "impermanent")
              : "now " + (mark.permanent ? "permanent:" : "impermanent:"));
      List<String> names = changed.stream().map(BackupName::value).toList();
      print(
          () -> JsonOutput.render(new Marked(mark.permanent, names)),
          () -> names.isEmpty() ? "" : String.join("\n", names) + "\n");
    }
  }

  private static ArchiveLayout layout(
      List<LineageCatalog> catalogs, BackupName backup, Archives archives) {
    List<LineageCatalog> holding =
        catalogs.stream()
            .filter(catalog -> catalog.backups().stream().anyMatch(it -> it.name().equals(backup)))
            .toList();
    if (holding.isEmpty()) {
      throw Problem.notFound(
              "%s has no base backup %s".formatted(archives.store().url(), backup),
              "'pgbackup backups' lists what is there.")
          .asException();
    }
    if (holding.size() > 1) {
      throw Problem.misconfigured(
              "%d lineages have a base backup %s".formatted(holding.size(), backup),
              "Say which with --uid.")
          .asException();
    }
    return new ArchiveLayout(holding.getFirst().lineage().prefix());
  }
}
