package io.pgbackup.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.pgbackup.cli.client.ScriptedAgent;
import io.pgbackup.cli.view.Statuses;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.BackupRequest.Kind;
import io.pgbackup.problem.Problem;
import io.pgbackup.status.BackupRunView;
import io.pgbackup.status.BackupRunView.State;
import io.pgbackup.status.ProblemView;
import io.pgbackup.status.StatusJson;
import io.pgbackup.status.StatusSnapshot;
import io.pgbackup.testing.PrivateFile;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AgentVerbsTest {
  private static final Instant NOW = Instant.parse("2026-11-21T05:00:00Z");
  private static final String NAME = "base_000000010000000000000009";

  @TempDir private Path folder;

  private String config(int port) throws IOException {
    return Files.writeString(
            folder.resolve("agent.yaml"),
            """
            cluster: { name: orders }
            storage: { url: "s3://backups" }
            http: { listen: "127.0.0.1:%d" }
            """
                .formatted(port))
        .toString();
  }

  private static BackupRunView run(State state, Optional<ProblemView> problem) {
    return new BackupRunView(
        "7f",
        state,
        state == State.STARTING ? Optional.empty() : Optional.of(NAME),
        NOW,
        state.ended() ? Optional.of(NOW.plusSeconds(4)) : Optional.empty(),
        state == State.STARTING ? 0 : 900,
        state == State.STARTING ? 0 : 25_165_824,
        problem);
  }

  private static BackupRunView run(State state) {
    return run(state, Optional.empty());
  }

  @Test
  void statusIsShownToPeople() throws IOException {
    try (ScriptedAgent agent = ScriptedAgent.with(Statuses.healthy())) {
      Run run = Run.of("status", "--config", config(agent.port()));

      assertThat(run.status()).isZero();
      assertThat(run.out()).startsWith("shop/orders  0b8f\n").contains("restorable");
    }
  }

  @Test
  void statusIsHandedOnToScripts() throws IOException {
    try (ScriptedAgent agent = ScriptedAgent.with(Statuses.healthy())) {
      Run run = Run.of("status", "-o", "json", "--config", config(agent.port()));

      assertThat(StatusJson.read(run.out(), StatusSnapshot.class)).isEqualTo(Statuses.healthy());
    }
  }

  @Test
  void showsTheTokenOfTheConfiguration() throws IOException {
    Path token = PrivateFile.write(folder.resolve("token"), "a-token-of-16-or-more\n");
    try (ScriptedAgent agent =
        ScriptedAgent.guarded(token, Statuses.healthy(), run(State.COMPLETED))) {
      String guarded =
          Files.writeString(
                  folder.resolve("guarded.yaml"),
                  """
                  cluster: { name: orders }
                  storage: { url: "s3://backups" }
                  http: { listen: "127.0.0.1:%d", tokenFile: %s }
                  """
                      .formatted(agent.port(), token))
              .toString();

      assertThat(Run.of("status", "--config", guarded).out()).startsWith("shop/orders  0b8f\n");
      assertThat(Run.of("backup", "--config", guarded).status()).isZero();
      assertThat(agent.asked()).hasSize(1);

      Run without = Run.of("status", "--config", config(agent.port()));
      assertThat(without.status()).isEqualTo(4);
      assertThat(without.err()).contains("asks for its token").doesNotContain("a-token-of-16");
    }
  }

  @Test
  void withoutAnAgentStatusSaysWhatToDo() throws IOException {
    Run run = Run.of("status", "--config", config(portWithoutListener()));

    assertThat(run.status()).isEqualTo(9);
    assertThat(run.out()).isEmpty();
    assertThat(run.err())
        .contains("ERROR: no agent answers at http://127.0.0.1:", "HINT: Start it");
  }

  @Test
  void statusNeedsAConfiguration() {
    Run run = Run.of("status");

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).contains("--config FILE");
  }

  @Test
  void backupWaitsUntilTheRunHasEndedAndPrintsItsName() throws IOException {
    try (ScriptedAgent agent =
        ScriptedAgent.with(
            Statuses.healthy(), run(State.STARTING), run(State.COPYING), run(State.COMPLETED))) {
      Run run = Run.of("backup", "--config", config(agent.port()));

      assertThat(run.out()).isEqualTo(NAME + "\n");
      assertThat(run.err()).contains("copying", "stored in 4 s: 900 files, 24 MiB");
      assertThat(run.status()).isZero();
    }
  }

  @Test
  void backupSaysWhatKindIsWanted() throws IOException {
    try (ScriptedAgent agent = ScriptedAgent.with(Statuses.healthy(), run(State.COMPLETED))) {
      String config = config(agent.port());

      Run.of("backup", "--config", config);
      Run.of("backup", "--config", config, "--delta", "--permanent");
      Run.of("backup", "--config", config, "--full", "--user-data", "[1]");
      Run both = Run.of("backup", "--config", config, "--full", "--delta");
      Run wrong = Run.of("backup", "--config", config, "--user-data", "{");

      assertThat(agent.asked())
          .containsExactly(
              BackupRequest.CONFIGURED,
              new BackupRequest(Kind.DELTA, true, Optional.empty()),
              new BackupRequest(
                  Kind.FULL, false, Optional.of(JsonNodeFactory.instance.arrayNode().add(1))));
      assertThat(both.status()).isEqualTo(2);
      assertThat(wrong.status()).isEqualTo(2);
      assertThat(wrong.err()).contains("--user-data is not JSON");
    }
  }

  /// P91.
  @Test
  void backupExitsWithTheRunsStatus() throws IOException {
    ProblemView problem =
        new ProblemView("postgres", "the server shut down", Optional.of("Start it."));
    try (ScriptedAgent agent =
        ScriptedAgent.with(
            Statuses.healthy(), run(State.STARTING), run(State.FAILED, Optional.of(problem)))) {
      Run run = Run.of("backup", "--config", config(agent.port()));

      assertThat(run.status()).isEqualTo(6);
      assertThat(run.out()).isEmpty();
      assertThat(run.err()).endsWith("ERROR: the server shut down\nHINT: Start it.\n");
    }
  }

  @Test
  void backupWithoutWaitingPrintsTheRunsId() throws IOException {
    try (ScriptedAgent agent = ScriptedAgent.with(Statuses.healthy(), run(State.STARTING))) {
      Run run = Run.of("backup", "--no-wait", "--config", config(agent.port()));

      assertThat(run.status()).isZero();
      assertThat(run.out()).isEqualTo("7f\n");
    }
  }

  @Test
  void aRefusedBackupIsARefusal() throws IOException {
    try (ScriptedAgent agent =
        ScriptedAgent.refusing(
            Statuses.healthy(),
            Problem.refused("a base backup is under way already", "Wait for it.").asException())) {
      Run run = Run.of("backup", "--config", config(agent.port()));

      assertThat(run.status()).isEqualTo(4);
    }
  }

  private static int portWithoutListener() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
