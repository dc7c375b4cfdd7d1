package io.pgbackup.cli.command;

import io.pgbackup.cli.client.AgentClient;
import io.pgbackup.cli.output.JsonOutput;
import io.pgbackup.cli.view.RecordsView;
import io.pgbackup.cli.view.StatusView;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.kubernetes.ClusterRecords;
import io.pgbackup.problem.Problem;
import io.pgbackup.status.StatusJson;
import io.pgbackup.status.StatusSnapshot;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "status",
    description = "Show what the agent on this machine knows: archiving, backups, problems.",
    footer = {
      "",
      "Example:",
      "  pgbackup --config agent.yaml status",
      "  pgbackup status --statefulset orders -n shop",
    })
final class StatusCommand extends Verb {
  @Option(
      names = "--statefulset",
      paramLabel = "NAME",
      description =
          "What the agent of this StatefulSet says on Kubernetes; asks neither it nor a store.")
  private @Nullable String statefulSet;

  @Option(
      names = {"-n", "--namespace"},
      paramLabel = "NAME",
      description = "With --statefulset: its namespace; the current context's if left out.")
  private @Nullable String namespace;

  StatusCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  public void run() {
    if (statefulSet != null) {
      showRecord(statefulSet);
    } else {
      askAgent();
    }
  }

  private void showRecord(String set) {
    ClusterRecords.Kept kept = RecordOptions.of(Optional.ofNullable(namespace), set);
    Instant now = surroundings().clock().instant();
    print(() -> JsonOutput.render(RecordsView.row(kept, now)), () -> RecordsView.text(kept, now));
  }

  private void askAgent() {
    if (namespace != null) {
      throw Problem.misconfigured(
              "--namespace says where a StatefulSet is, and none is named",
              "Name it with --statefulset, or leave --namespace out.")
          .asException();
    }
    PgBackupConfig config = configuration().requireFile("status");
    AgentClient agent = AgentClient.at(config.http());
    String json = agent.status();
    print(asJson() ? json : StatusView.text(StatusJson.read(json, StatusSnapshot.class)));
  }
}
