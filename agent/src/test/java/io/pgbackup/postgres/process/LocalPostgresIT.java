package io.pgbackup.postgres.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.testing.EachRelease;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestPostgres;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalPostgresIT {
  private final LocalPostgres process = new LocalPostgres();

  @TempDir(factory = EnterableTempDir.class)
  Path folder;

  @EachRelease
  void startsStopsAndKeepsWhatWasWritten(PostgresRelease release) {
    try (TestPostgres postgres = TestPostgres.create(release, folder)) {
      postgres.start();
      postgres.sql("create table kept as select 1 as id");
      assertThat(process.state(postgres.dataDirectory())).isEqualTo(ServerState.READY);

      postgres.stop();
      assertThat(process.state(postgres.dataDirectory())).isEqualTo(ServerState.GONE);
      postgres.start();

      assertThat(postgres.sql("select id from kept")).containsExactly("1");
    }
  }

  @Test
  void aDirectoryLeftByACrashIsNotRunning() {
    try (TestPostgres postgres = TestPostgres.create(PostgresRelease.NEWEST, folder)) {
      postgres.start();
      postgres.kill();

      assertThat(postgres.isRunning()).isFalse();
      postgres.start();
      assertThat(postgres.value("select 1")).isEqualTo("1");
    }
  }

  @Test
  void aServerOfAnotherHandCanBeStartedAgainAsItWas() {
    try (TestPostgres postgres = TestPostgres.create(PostgresRelease.NEWEST, folder)) {
      postgres.start();
      postgres.sql("create table kept as select 1 as id");
      RunningServer before = process.running(postgres.dataDirectory()).orElseThrow();
      assertThat(before.port()).isEqualTo(postgres.port());

      process.stop(postgres.dataDirectory(), StopMode.FAST, Duration.ofMinutes(1));
      assertThat(postgres.isRunning()).isFalse();
      Path log = folder.resolve("again.log");
      process.startDetached(
          new ServerStart(
              postgres.installation(),
              postgres.user(),
              postgres.dataDirectory(),
              before.argumentsAfterDirectory(),
              log),
          Duration.ofMinutes(1));

      assertThat(postgres.sql("select id from kept")).containsExactly("1");
      assertThat(process.running(postgres.dataDirectory()).orElseThrow().port())
          .isEqualTo(postgres.port());
    }
  }

  @Test
  void aFailedStartSaysWhy() {
    try (TestPostgres postgres = TestPostgres.create(PostgresRelease.NEWEST, folder)) {
      postgres.configure("shared_buffers", "nonsense");

      assertThatThrownBy(postgres::start)
          .isInstanceOf(PgBackupException.class)
          .hasMessageContaining("PostgreSQL ended")
          .hasMessageContaining("FATAL");
    }
  }

  @Test
  void theEnvironmentOfTheServerHasNothingOfOurs() throws Exception {
    // PATH is handed on and any other variable is not; HOME stands for all secrets in ours.
    assertThat(System.getenv()).containsKey("HOME");
    ProcessBuilder prepared = Commands.prepare(List.of("true"));
    assertThat(prepared.environment()).containsKey("PATH").doesNotContainKey("HOME");
    assertThat(Map.copyOf(prepared.environment()).keySet())
        .allMatch(name -> name.matches("PATH|LANG|TZ|LC_.*|TMPDIR|(DY)?LD_LIBRARY_PATH"));
  }
}
