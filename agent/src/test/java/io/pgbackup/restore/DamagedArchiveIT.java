package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pgbackup.engine.WalEngine;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.StoredObject;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// A bit of WAL in the middle of the archive was turned before it was packed, so that no checksum
/// but PostgreSQL's own notices; and PostgreSQL takes it for the end of WAL.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DamagedArchiveIT {
  private static final PostgresRelease RELEASE = PostgresRelease.NEWEST;

  @TempDir(factory = EnterableTempDir.class)
  static Path folder;

  private FileObjectStore store;
  private ProtectedServer server;
  private LineageUid uid;
  private WalSegment damaged;
  private Instant beforeTheDamage = Instant.EPOCH;
  private Instant behindTheDamage = Instant.EPOCH;

  @BeforeAll
  void damage() throws IOException {
    store = FileObjectStore.open(Files.createDirectory(folder.resolve("store")));
    server = new ProtectedServer(RELEASE, store, folder);
    server.postgres.sql("create table account (id int)");
    server.backUp();
    for (int id = 1; id <= 6; id++) {
      server.postgres.sql("insert into account select generate_series(1, 1000)");
      beforeTheDamage = id == 1 ? server.now() : beforeTheDamage;
      behindTheDamage = id < 6 ? server.now() : behindTheDamage;
      server.archiveEverything();
    }
    server.postgres.stop();
    uid = server.uid();
    damaged =
        server.plan(server.uid(), new RecoveryTarget.Latest()).wal().stream()
            .skip(3)
            .findFirst()
            .orElseThrow();
    turnABit();
  }

  private void turnABit() throws IOException {
    WalFileName name = new WalFileName.Segment(damaged.fileName());
    ArchiveLayout layout = server.layout(server.uid());
    WalEngine engine = server.bench().services().engines().wal(layout);
    byte[] content = engine.fetch(name).orElseThrow();
    content[12_000] ^= 1;
    store.delete(
        store
            .list("")
            .map(StoredObject::key)
            .filter(key -> key.value().contains(damaged.fileName()))
            .toList());
    engine.push(name, content);
  }

  @AfterAll
  void close() {
    server.close();
    store.close();
  }

  @Test
  void theLatestStateIsNotSaidToBeRestoredWhereTheArchiveGoesOn() {
    Problem problem = failure("latest", new RecoveryTarget.Latest());

    assertThat(problem).isInstanceOf(Problem.VerificationFailed.class);
    assertThat(problem.message()).contains("in WAL segment " + damaged.fileName());
    assertThat(problem.hint().orElseThrow()).contains("--timestamp");
  }

  @Test
  void anInstantBehindTheDamageIsNotPromisedForTheNextAttempt() {
    Problem problem = failure("behind", new RecoveryTarget.AtTime(behindTheDamage));

    assertThat(problem).isInstanceOf(Problem.VerificationFailed.class);
    assertThat(problem.message()).contains("cannot go on behind WAL segment " + damaged.fileName());
    assertThat(problem.hint().orElseThrow())
        .contains("earlier --timestamp")
        .doesNotContain("Run the same command again");
  }

  @Test
  void aDataDirectoryThatLostItsControlFileComesBackInPlace() throws IOException {
    Path data = server.postgres.dataDirectory();
    Files.delete(data.resolve("global/pg_control"));
    Files.delete(data.resolve("PG_VERSION"));

    server
        .bench()
        .runner()
        .run(
            server.plan(uid, beforeTheDamage),
            new RestoreDestination.InPlace(data, false),
            RestoreListener.SILENT);

    server.postgres.start();
    assertThat(server.postgres.value("select count(*) from account")).isEqualTo("1000");
    server.postgres.stop();
  }

  private Problem failure(String name, RecoveryTarget target) {
    RestorePlan plan = server.plan(uid, target);
    Path directory = folder.resolve(name);
    PgBackupException failure =
        catchThrowableOfType(
            PgBackupException.class,
            () ->
                server
                    .bench()
                    .runner()
                    .run(
                        plan,
                        new RestoreDestination.NewDirectory(directory, Optional.empty()),
                        RestoreListener.SILENT));
    assertThat(directory).doesNotExist();
    return failure.problem();
  }
}
