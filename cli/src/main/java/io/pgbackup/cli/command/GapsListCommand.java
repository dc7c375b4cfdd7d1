package io.pgbackup.cli.command;

import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.cli.output.JsonOutput;
import io.pgbackup.cli.view.GapsView;
import java.util.List;
import picocli.CommandLine.Command;

@Command(
    name = "list",
    description = "List WAL that is missing between what is there, and what is known of it.",
    footer = {
      "",
      "  open          no base backup begins behind it: of what the server writes now, nothing can",
      "                be restored before the next one",
      "  closed        a base backup begins behind it; instants in between are lost",
      "  acknowledged  'gaps ack' said that it is known",
      "  let-go        the agent let it go, with wal.enabled: false",
      "  expired       retention deleted it behind a base backup that is kept for itself",
      "",
      "Examples:",
      "  pgbackup --config agent.yaml gaps list",
    })
final class GapsListCommand extends LineageVerb {
  GapsListCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  void show(List<LineageCatalog> catalogs) {
    List<GapsView.Row> rows = catalogs.stream().flatMap(GapsView::rows).toList();
    print(() -> JsonOutput.render(rows), () -> GapsView.table(rows));
  }
}
