package io.pgbackup.cli.command;

import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.cli.output.JsonOutput;
import io.pgbackup.cli.view.BackupsView;
import java.util.List;
import picocli.CommandLine.Command;

@Command(
    name = "backups",
    description = "List the base backups of a cluster.",
    footer = {
      "",
      "Examples:",
      "  pgbackup --config agent.yaml backups",
      "  pgbackup --store s3://backups backups --cluster orders -o json",
    })
final class BackupsCommand extends LineageVerb {
  BackupsCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  void show(List<LineageCatalog> catalogs) {
    print(() -> JsonOutput.render(BackupsView.json(catalogs)), () -> BackupsView.table(catalogs));
  }
}
