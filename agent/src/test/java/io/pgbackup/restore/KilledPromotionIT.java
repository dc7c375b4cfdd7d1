package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.Identity;
import io.pgbackup.lineage.IdentityFile;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `kill -9` in each step of the promotion of a standby that followed an archive.
class KilledPromotionIT {
  private static final PostgresRelease RELEASE = PostgresRelease.NEWEST;
  private static final ClusterId COPY = new ClusterId("default", "copy");

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private FileObjectStore store;
  private ProtectedServer server;
  private Path standby;
  private Identity followed;

  @BeforeEach
  void follow() throws IOException {
    store = FileObjectStore.open(Files.createDirectory(folder.resolve("store")));
    server = new ProtectedServer(RELEASE, store, folder);
    server.postgres.sql("create table account as select 1 as id");
    server.backUp();
    server.postgres.sql("insert into account values (2)");
    server.archiveEverything();
    standby = folder.resolve("standby");
    followed =
        server
            .bench()
            .runner()
            .follow(
                server.plan(server.uid(), new RecoveryTarget.Latest()),
                new RestoreDestination.NewDirectory(standby, Optional.empty()),
                RestoreListener.SILENT);
    server.postgres.sql("insert into account values (3)");
    server.archiveEverything();
  }

  @AfterEach
  void close() {
    server.close();
    store.close();
  }

  private RestoreResult promote() {
    return server
        .bench()
        .runner()
        .promote(
            server.plan(server.uid(), new RecoveryTarget.Latest()),
            new RestoreDestination.NewDirectory(standby, Optional.of(COPY)),
            Passwords.NONE,
            RestoreListener.SILENT);
  }

  @Test
  void killedInEveryStepItGoesOnUntilItIsDone() throws Exception {
    for (RestoreStep step :
        List.of(
            RestoreStep.PREPARE, RestoreStep.RECOVER, RestoreStep.CONFIGURE, RestoreStep.PLACE)) {
      assertThat(killedIn(step)).as(step.name()).isEqualTo("HERE");
      assertThat(standby).as("nobody starts half a primary").doesNotExist();
      assertThat(Standby.halfPromotedFrom(standby)).contains(followed.uid());
    }
    promote();

    Identity own = IdentityFile.beside(standby).read().orElseThrow();
    assertThat(own.cluster()).isEqualTo(COPY);
    assertThat(own.uid()).isNotEqualTo(followed.uid());
    assertThat(own.parent().orElseThrow().uid()).isEqualTo(followed.uid());
    assertThat(Standby.halfPromotedFrom(standby)).isEmpty();
    assertThat(beside()).containsExactlyInAnyOrder("standby", "standby.pgbackup.json");
    try (TestPostgres promoted =
        TestPostgres.over(RELEASE, standby, Map.of("archive_command", "false"))) {
      promoted.start();
      assertThat(promoted.value("select pg_is_in_recovery()")).isEqualTo("f");
      assertThat(promoted.sql("select id from account order by id")).containsExactly("1", "2", "3");
    }
  }

  @Test
  void aStandbyThatRunsIsLeftAlone() {
    try (TestPostgres running =
        TestPostgres.over(
            RELEASE,
            standby,
            Map.of(
                "restore_command",
                "cp %s/pg_wal/%%f %%p".formatted(server.postgres.dataDirectory())))) {
      running.start();

      assertThatThrownBy(this::promote)
          .isInstanceOf(PgBackupException.class)
          .hasMessage("a PostgreSQL server runs in " + standby);
      assertThat(running.value("select pg_is_in_recovery()")).isEqualTo("t");
      assertThat(Standby.isIn(standby)).isTrue();
      assertThat(IdentityFile.beside(standby).read()).contains(followed);
    }
  }

  /// @return what the child said last
  private String killedIn(RestoreStep step) throws Exception {
    return KilledChild.run(
        PromotionChild.class,
        folder.resolve("store").toString(),
        RELEASE.version(),
        followed.uid().value(),
        standby.toString(),
        COPY.name(),
        step.name());
  }

  private List<String> beside() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.startsWith("standby"))
          .toList();
    }
  }
}
