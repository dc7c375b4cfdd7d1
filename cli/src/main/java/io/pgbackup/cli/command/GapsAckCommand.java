package io.pgbackup.cli.command;

import static java.util.Objects.requireNonNull;

import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.GapMarks;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.catalog.WalGap;
import io.pgbackup.cli.output.JsonOutput;
import io.pgbackup.cli.view.GapsView;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.problem.Problem;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "ack",
    description = "Say that missing WAL is known, so that no alert speaks of it any more.",
    footer = {
      "",
      "It brings nothing back: instants in the gap stay lost. A gap that grows later is another one.",
      "",
      "Examples:",
      "  pgbackup --config agent.yaml gaps ack --first 000000010000000000000004 \\",
      "    --reason 'incident 812'",
    })
final class GapsAckCommand extends RetentionVerb {
  @Option(
      names = "--first",
      paramLabel = "SEGMENT",
      required = true,
      description = "Its first missing segment; 'pgbackup gaps list' shows it.")
  private @Nullable String first;

  @Option(
      names = "--reason",
      paramLabel = "TEXT",
      required = true,
      description = "Why, for whoever wonders later.")
  private @Nullable String reason;

  @Option(
      names = "--owner",
      paramLabel = "WHO",
      description = "Who says so; this user if left out.")
  private @Nullable String owner;

  GapsAckCommand(Surroundings surroundings) {
    super(surroundings);
  }

  private record Found(Lineage lineage, WalGap gap) {}

  /// For people; the name of the object is what counts.
  record Document(String at, String owner, String reason) {}

  @Override
  void run(Tools tools, List<Lineage> lineages) {
    Catalog catalog = new Catalog(tools.archives().store(), tools.archives().cipher());
    Found found = one(lineages, catalog);
    GapMarks.acknowledge(
        tools.archives().store(),
        new ArchiveLayout(found.lineage().prefix()),
        found.gap(),
        JsonOutput.render(
            new Document(
                tools.clock().instant().toString(), orThisUser(owner), requireNonNull(reason))));
    List<GapsView.Row> rows = GapsView.rows(catalog.read(found.lineage())).toList();
    print(() -> JsonOutput.render(rows), () -> GapsView.table(rows));
  }

  private Found one(List<Lineage> lineages, Catalog catalog) {
    List<Found> all =
        lineages.stream()
            .flatMap(
                lineage ->
                    catalog.read(lineage).gaps().stream()
                        .filter(gap -> gap.first().fileName().equals(first))
                        .map(gap -> new Found(lineage, gap)))
            .toList();
    if (all.isEmpty()) {
      throw Problem.notFound(
              "no gap begins at %s".formatted(first), "'pgbackup gaps list' shows those there are.")
          .asException();
    }
    if (all.size() > 1) {
      throw Problem.misconfigured(
              "%d lineages have a gap there".formatted(all.size()), "Say which with --uid.")
          .asException();
    }
    return all.getFirst();
  }
}
