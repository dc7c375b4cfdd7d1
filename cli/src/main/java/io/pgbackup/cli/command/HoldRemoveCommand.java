package io.pgbackup.cli.command;

import static java.util.Objects.requireNonNull;

import io.pgbackup.catalog.Lineage;
import io.pgbackup.problem.Problem;
import io.pgbackup.retention.Hold;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "remove",
    description = "Take a hold away; what only it kept goes with the next run of retention.",
    footer = {"", "Examples:", "  pgbackup --config agent.yaml hold remove --id 4f0c2a91"})
final class HoldRemoveCommand extends RetentionVerb {
  @Option(
      names = "--id",
      paramLabel = "ID",
      required = true,
      description = "Which; 'pgbackup hold list' shows them.")
  private @Nullable String id;

  HoldRemoveCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  void run(Tools tools, List<Lineage> lineages) {
    String wanted = requireNonNull(id);
    Lineage holding =
        lineages.stream()
            .filter(
                lineage ->
                    tools.holds().read(lineage.prefix()).holds().stream()
                        .map(Hold::id)
                        .anyMatch(wanted::equals))
            .findFirst()
            .orElseThrow(
                () ->
                    Problem.notFound(
                            "there is no hold " + wanted, "'pgbackup hold list' shows them.")
                        .asException());
    tools.holds().remove(holding.prefix(), wanted);
    say("hold %s is removed".formatted(wanted));
  }
}
