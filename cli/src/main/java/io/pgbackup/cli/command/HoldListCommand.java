package io.pgbackup.cli.command;

import io.pgbackup.catalog.Lineage;
import io.pgbackup.cli.output.JsonOutput;
import io.pgbackup.cli.view.HoldsView;
import io.pgbackup.retention.Holds;
import java.util.List;
import picocli.CommandLine.Command;

@Command(
    name = "list",
    description = "List the holds, expired ones too.",
    footer = {"", "Examples:", "  pgbackup --config agent.yaml hold list -o json"})
final class HoldListCommand extends RetentionVerb {
  HoldListCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  void run(Tools tools, List<Lineage> lineages) {
    List<HoldsView.Row> rows =
        lineages.stream()
            .flatMap(
                lineage -> {
                  Holds.Read read = tools.holds().read(lineage.prefix());
                  read.doubts().forEach(this::say);
                  return HoldsView.rows(lineage, read.holds()).stream();
                })
            .toList();
    print(() -> JsonOutput.render(rows), () -> HoldsView.table(rows));
  }
}
