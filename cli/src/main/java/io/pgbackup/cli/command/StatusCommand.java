package io.pgbackup.cli.command;

import io.pgbackup.cli.client.AgentClient;
import io.pgbackup.cli.view.StatusView;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.status.StatusJson;
import io.pgbackup.status.StatusSnapshot;
import picocli.CommandLine.Command;

@Command(
    name = "status",
    description = "Show what the agent on this machine knows: archiving, backups, problems.",
    footer = {
      "",
      "Example:",
      "  pgbackup --config agent.yaml status",
    })
final class StatusCommand extends Verb {
  StatusCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  public void run() {
    PgBackupConfig config = configuration().requireFile("status");
    AgentClient agent = AgentClient.at(config.http());
    String json = agent.status();
    print(asJson() ? json : StatusView.text(StatusJson.read(json, StatusSnapshot.class)));
  }
}
