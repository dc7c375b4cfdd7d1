package io.pgbackup.cli.command;

import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.cli.output.JsonOutput;
import io.pgbackup.cli.view.WindowView;
import java.util.List;
import picocli.CommandLine.Command;

@Command(
    name = "window",
    description = "Show exactly which instants can be restored.",
    footer = {
      "",
      "Every instant from 'from' to 'to' can be given to 'restore --timestamp'. The last commit's",
      "own time cannot: nobody can tell yet whether another commit of that instant is missing.",
      "",
      "Examples:",
      "  pgbackup --config agent.yaml window",
      "  pgbackup --store s3://backups window --cluster orders",
    })
final class WindowCommand extends LineageVerb {
  WindowCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  void show(List<LineageCatalog> catalogs) {
    print(
        () -> JsonOutput.render(WindowView.json(catalogs)),
        () -> WindowView.text(catalogs, surroundings().local()));
  }
}
