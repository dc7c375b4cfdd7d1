package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.lineage.LineageUid;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `kill -9` in each step of a restore in place.
class KilledRestoreIT {
  private static final PostgresRelease RELEASE = PostgresRelease.NEWEST;

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private FileObjectStore store;
  private ProtectedServer server;

  @BeforeEach
  void protect() throws IOException {
    store = FileObjectStore.open(Files.createDirectory(folder.resolve("store")));
    server = new ProtectedServer(RELEASE, store, folder);
    server.postgres.sql("create table account as select 1 as id");
    server.backUp();
    server.postgres.sql("insert into account values (2)");
  }

  @AfterEach
  void close() {
    server.close();
    store.close();
  }

  @Test
  void killedInEveryStepItGoesOnUntilItIsDone() throws Exception {
    LineageUid first = server.uid();
    Instant target = server.now();
    server.postgres.sql("insert into account values (3)");
    server.archiveEverything();

    for (RestoreStep step : RestoreStep.values()) {
      assertThat(killedIn(step, first, target)).as(step.name()).isEqualTo("HERE");
    }
    RestoreResult result = inProcess(first, target);

    assertThat(result.running()).isTrue();
    assertThat(server.postgres.sql("select id from account order by id")).containsExactly("1", "2");
    assertThat(server.identity().parent().orElseThrow().uid()).isEqualTo(first);
    assertThat(beside())
        .containsExactlyInAnyOrder(
            "data",
            "data.log",
            "data.pgbackup.json",
            "data.pgbackup-restore.json",
            result.previous().orElseThrow().getFileName().toString(),
            result.previous().orElseThrow().getFileName() + ".pgbackup.json",
            "outbox",
            "store");
  }

  @Test
  void killedBeforeTheOldServerWasStoppedAnotherTargetMayBeChosen() throws Exception {
    LineageUid first = server.uid();
    Instant target = server.now();
    server.postgres.sql("insert into account values (3)");
    Instant other = server.now();
    server.postgres.sql("insert into account values (4)");
    server.archiveEverything();
    killedIn(RestoreStep.CLAIM, first, target);

    inProcess(first, other);

    assertThat(server.postgres.sql("select id from account order by id"))
        .containsExactly("1", "2", "3");
  }

  @Test
  void killedWhileTheOldServerIsAwayAnUndoBringsItBack() throws Exception {
    LineageUid first = server.uid();
    Instant target = server.now();
    server.postgres.sql("insert into account values (3)");
    server.archiveEverything();
    for (RestoreStep step : List.of(RestoreStep.CONFIGURE, RestoreStep.START)) {
      killedIn(step, first, target);
      assertThat(server.postgres.isRunning()).isFalse();

      RestoreUndo.Undone undone = server.bench().undo().undo(server.postgres.dataDirectory());

      assertThat(undone.started()).isTrue();
      assertThat(server.uid()).isEqualTo(first);
      assertThat(server.postgres.sql("select id from account order by id"))
          .containsExactly("1", "2", "3");
    }
  }

  private RestoreResult inProcess(LineageUid uid, Instant target) {
    return server
        .bench()
        .runner()
        .run(
            server.plan(uid, target),
            new RestoreDestination.InPlace(server.postgres.dataDirectory(), true),
            RestoreListener.SILENT);
  }

  /// @return what the child said last
  private String killedIn(RestoreStep step, LineageUid uid, Instant target) throws Exception {
    return KilledChild.run(
        RestoreChild.class,
        folder.resolve("store").toString(),
        RELEASE.version(),
        uid.value(),
        target.toString(),
        server.postgres.dataDirectory().toString(),
        step.name());
  }

  private List<String> beside() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }
}
