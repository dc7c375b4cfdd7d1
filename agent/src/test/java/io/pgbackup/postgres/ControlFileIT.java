package io.pgbackup.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.pgbackup.testing.EachRelease;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class ControlFileIT {
  @TempDir(factory = EnterableTempDir.class)
  Path folder;

  @EachRelease
  void saysWhatTheServerSays(PostgresRelease release) throws IOException {
    try (TestPostgres postgres =
        TestPostgres.builder(release)
            .initdb("--wal-segsize=4")
            .setting("max_connections", "31")
            .setting("max_worker_processes", "9")
            .setting("max_wal_senders", "7")
            .setting("max_prepared_transactions", "5")
            .setting("max_locks_per_transaction", "77")
            .create(folder.resolve("data"))) {
      postgres.start();
      postgres.sql("checkpoint");

      ControlFile running = read(postgres);

      assertThat(running.state()).isEqualTo(ControlFile.State.IN_PRODUCTION);
      assertThat(running.systemIdentifier().toString())
          .isEqualTo(postgres.value("select system_identifier from pg_control_system()"));
      assertThat(running.checkpoint() + "|" + running.redo() + "|" + running.timeline())
          .isEqualTo(
              postgres.value(
                  "select checkpoint_lsn || '|' || redo_lsn || '|' || timeline_id"
                      + " from pg_control_checkpoint()"));
      assertThat(running.floors()).isEqualTo(new ControlFile.Floors(31, 9, 7, 5, 77));
      assertThat(running.segmentSize()).isEqualTo(new WalSegmentSize(4 << 20));
      assertThat(running.checksums()).isTrue();

      postgres.stop();
      assertThat(read(postgres).state()).isEqualTo(ControlFile.State.SHUT_DOWN);
    }
  }

  @EachRelease
  void aTornFileIsRefused(PostgresRelease release) throws IOException {
    try (TestPostgres postgres = TestPostgres.create(release, folder)) {
      byte[] content = Files.readAllBytes(postgres.dataDirectory().resolve(ControlFile.PATH));
      content[100] ^= 1;

      assertThatIllegalArgumentException()
          .isThrownBy(() -> ControlFile.parse(content))
          .withMessageContaining("checksum");
    }
  }

  private static ControlFile read(TestPostgres postgres) throws IOException {
    return ControlFile.parse(
        Files.readAllBytes(postgres.dataDirectory().resolve(ControlFile.PATH)));
  }
}
