package io.pgbackup.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.testing.ArchiveCommand;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.FreePort;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `backup` where no agent runs, of a real server whose archive command speaks to the socket.
class BackupHereIT {
  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private TestPostgres postgres;
  private ArchiveCommand archiveCommand;
  private String config;

  @BeforeEach
  void startAServerWithoutAnAgent() throws IOException {
    Path spool = folder.resolve("spool");
    Path socket = folder.resolve("archive.sock");
    postgres =
        TestPostgres.builder(PostgresRelease.NEWEST)
            .setting("archive_mode", "on")
            .setting("archive_command", ArchiveCommand.text(spool))
            .create(folder.resolve("data"));
    archiveCommand = new ArchiveCommand(spool, socket, postgres.dataDirectory());
    postgres.start();
    config =
        Files.writeString(
                folder.resolve("agent.yaml"),
                """
                cluster: { name: orders }
                postgres: { host: %s, port: %d, dataDirectory: %s }
                storage: { url: "file://%s" }
                wal: { socket: %s }
                http: { listen: "127.0.0.1:%d" }
                """
                    .formatted(
                        postgres.socketDirectory(),
                        postgres.port(),
                        postgres.dataDirectory(),
                        Files.createDirectory(folder.resolve("store")),
                        socket,
                        FreePort.find()))
            .toString();
  }

  @AfterEach
  void stop() {
    postgres.close();
    archiveCommand.close();
  }

  @Test
  void takesTheBackupInThisProcessAndItsWalWithIt() {
    Run first = Run.of("--config", config, "backup");
    Run second = Run.of("--config", config, "backup");

    assertThat(first.status()).as(first.err()).isZero();
    assertThat(first.out()).matches("base_[0-9A-F]{24}\n");
    assertThat(first.err())
        .contains("no agent answers at http://127.0.0.1:", "runs in this process", "stored in ");
    assertThat(second.status()).as("the lease was given back: " + second.err()).isZero();
    assertThat(Run.of("--config", config, "backups").out())
        .contains(first.out().strip(), second.out().strip());
  }

  @Test
  void cannotBeWaitedForWithoutWaiting() {
    Run run = Run.of("--config", config, "backup", "--no-wait");

    assertThat(run.status()).isEqualTo(9);
    assertThat(run.err()).contains("leave --no-wait out");
  }

  @Test
  void aStoppedServerIsAFailureOfPostgres() {
    postgres.kill();

    Run run = Run.of("--config", config, "backup");

    assertThat(run.status()).isEqualTo(6);
    assertThat(run.err()).contains("ERROR: cannot connect to PostgreSQL");
  }
}
