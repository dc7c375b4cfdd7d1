package io.pgbackup.cli.command;

import io.pgbackup.cli.output.JsonOutput;
import io.pgbackup.cli.output.OutputFormat;
import io.pgbackup.cli.output.Table;
import io.pgbackup.config.BrokerSettings;
import io.pgbackup.credentials.broker.ClusterList;
import io.pgbackup.credentials.broker.Inventory;
import io.pgbackup.lineage.LineageUid;
import java.util.List;
import picocli.CommandLine.Command;

@Command(
    name = "list",
    description = "List the clusters that may have credentials.",
    footer = {
      "",
      "Those that have backups, and those that 'bootstrap' named. What was issued is not listed:",
      "nobody keeps a list of it.",
      "",
      "Example:",
      "  pgbackup -c broker.yaml credentials list",
    })
final class InventoryCommand extends CredentialVerb {
  InventoryCommand(Surroundings surroundings) {
    super(surroundings);
  }

  /// One folder of a cluster, as scripts read it.
  record Line(
      String namespace,
      String cluster,
      String bucket,
      String prefix,
      boolean bootstrapped,
      List<String> uids) {
    static Line of(Inventory.Entry entry) {
      return new Line(
          entry.cluster().namespace(),
          entry.cluster().name(),
          entry.scope().bucket(),
          entry.scope().folder().path(),
          entry.registered(),
          entry.uids().stream().map(LineageUid::value).toList());
    }
  }

  @Override
  List<OutputFormat> formats() {
    return List.of(OutputFormat.TABLE, OutputFormat.JSON);
  }

  @Override
  void run(BrokerSettings settings, Brokerage brokerage) {
    ClusterList clusters = brokerage.clusters();
    for (ClusterList.Unusable each : clusters.unusable()) {
      say("left out: %s: %s".formatted(each.cluster(), each.reason()));
    }
    List<Line> lines = clusters.entries().stream().map(Line::of).toList();
    if (lines.isEmpty()) {
      say(
          "no cluster may have credentials; '%sbootstrap --cluster NAME' names the first one"
              .formatted(credentials()));
    }
    print(() -> JsonOutput.render(lines), () -> lines.isEmpty() ? "" : table(lines));
  }

  private static String table(List<Line> lines) {
    Table table = new Table("NAMESPACE", "CLUSTER", "FOLDER", "BOOTSTRAPPED", "LINEAGES").right(4);
    for (Line line : lines) {
      table.row(
          line.namespace(),
          line.cluster(),
          line.prefix(),
          line.bootstrapped() ? "yes" : "no",
          Integer.toString(line.uids().size()));
    }
    return table.render();
  }
}
