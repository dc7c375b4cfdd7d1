package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.pgbackup.engine.WalEngine;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.Identity;
import io.pgbackup.lineage.IdentityFile;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.s3.S3ObjectStore;
import io.pgbackup.testing.EachRelease;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.TestPostgres;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RestoreIT {
  private static final String CONTENT =
      """
      select concat_ws(':', count(*), md5(string_agg(id || owner, ',' order by id)),
        count(pg_xact_commit_timestamp(xmin)), max(pg_xact_commit_timestamp(xmin)))
      from account""";

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private ObjectStore store;

  @BeforeEach
  void openBucket() {
    S3Server server = S3Server.shared();
    store = S3ObjectStore.open(server.storageConfig(server.newBucket()));
  }

  @AfterEach
  void closeBucket() {
    store.close();
  }

  /// An instant and what the table held then.
  private record Moment(Instant instant, String content) {}

  @EachRelease
  void eachOfThreeInstantsComesBackInADirectory(PostgresRelease release) {
    try (ProtectedServer server = new ProtectedServer(release, store, folder)) {
      List<Moment> moments = story(server);
      LineageUid uid = server.uid();

      for (Moment moment : moments) {
        Path target = folder.resolve("restored-" + moments.indexOf(moment));
        RestoreResult result =
            server
                .bench()
                .runner()
                .run(
                    server.plan(uid, moment.instant()),
                    new RestoreDestination.NewDirectory(target, Optional.empty()),
                    RestoreListener.SILENT);

        assertThat(result.identity()).isEmpty();
        assertThat(result.running()).isFalse();
        assertThat(result.outcome().lastCommit())
            .hasValueSatisfying(last -> assertThat(last).isBeforeOrEqualTo(moment.instant()));
        assertThat(contentOf(release, target)).isEqualTo(moment.content());
        assertThat(target.resolve("recovery.signal")).doesNotExist();
        assertThat(folder.resolve("restored-0.pgbackup-restore")).doesNotExist();
        assertThat(folder.resolve("restored-0.pgbackup-restore.json")).doesNotExist();
      }
    }
  }

  /// PostgreSQL wants room for two segments in settings whose defaults suffice for 16 MiB only.
  @Test
  void segmentsMayBeGreaterThanUsual() {
    try (ProtectedServer server = new ProtectedServer(PostgresRelease.NEWEST, store, folder, 128)) {
      Moment moment = story(server).getLast();
      Path target = folder.resolve("restored");

      server
          .bench()
          .runner()
          .run(
              server.plan(server.uid(), moment.instant()),
              new RestoreDestination.NewDirectory(target, Optional.empty()),
              RestoreListener.SILENT);

      assertThat(contentOf(PostgresRelease.NEWEST, target)).isEqualTo(moment.content());
    }
  }

  @EachRelease
  void aCopyArchivesNothing(PostgresRelease release) {
    try (ProtectedServer server = new ProtectedServer(release, store, folder)) {
      story(server);
      Path target = folder.resolve("copy");
      long before = store.list("").count();
      server
          .bench()
          .runner()
          .run(
              server.plan(server.uid(), new RecoveryTarget.Latest()),
              new RestoreDestination.NewDirectory(
                  target, Optional.of(new ClusterId("default", "copy"))),
              RestoreListener.SILENT);

      Identity identity = IdentityFile.beside(target).read().orElseThrow();
      assertThat(identity.cluster().name()).isEqualTo("copy");
      assertThat(identity.uid()).isNotEqualTo(server.uid());
      assertThat(identity.parent().orElseThrow().uid()).isEqualTo(server.uid());
      assertThat(identity.parent().orElseThrow().timeline()).isEqualTo(Timeline.FIRST);
      try (TestPostgres copy = TestPostgres.over(release, target, Map.of())) {
        copy.start();
        assertThat(copy.value("show archive_mode")).isEqualTo("off");
        copy.sql("insert into account (owner) values ('copy'); select pg_switch_wal()");
      }
      // The lease of the restore is the only thing it wrote.
      assertThat(store.list("").map(object -> object.key().value()))
          .hasSize((int) before + 1)
          .anyMatch(key -> key.contains("/pgbackup/leases/restore-"));
    }
  }

  @EachRelease
  void inPlaceAgainToAnotherInstantAndBackAgain(PostgresRelease release) {
    try (ProtectedServer server = new ProtectedServer(release, store, folder)) {
      List<Moment> moments = story(server);
      LineageUid first = server.uid();
      String original = server.postgres.value(CONTENT);

      RestoreResult once = inPlace(server, first, moments.get(1).instant());

      LineageUid second = server.uid();
      assertThat(once.running()).isTrue();
      assertThat(second).isNotEqualTo(first);
      assertThat(server.identity().parent().orElseThrow().uid()).isEqualTo(first);
      assertThat(server.postgres.value(CONTENT)).isEqualTo(moments.get(1).content());
      assertThat(server.postgres.value("show archive_mode")).isEqualTo("on");
      assertThat(once.previous().orElseThrow()).isDirectory();

      // The new lineage holds its history file, and is restored from by its explicit timeline.
      assertThat(wal(server, second).fetch(HistoryFile.name(once.outcome().timeline())))
          .isPresent();
      server.backUp();
      server.postgres.sql("insert into account (owner) values ('in the second life')");
      String secondLife = server.postgres.value(CONTENT);
      Instant inSecondLife = server.now();
      server.archiveEverything();
      RestorePlan ofSecond = server.plan(second, inSecondLife);
      assertThat(ofSecond.timeline()).isEqualTo(once.outcome().timeline());
      Path copy = folder.resolve("copy");
      server
          .bench()
          .runner()
          .run(
              ofSecond,
              new RestoreDestination.NewDirectory(copy, Optional.empty()),
              RestoreListener.SILENT);
      assertThat(contentOf(release, copy)).isEqualTo(secondLife);

      // Again, from the first UID, to a later instant.
      inPlace(server, first, moments.get(2).instant());
      assertThat(server.postgres.value(CONTENT)).isEqualTo(moments.get(2).content());
      assertThat(server.uid()).isNotIn(first, second);

      // Back, twice.
      undo(server);
      assertThat(server.uid()).isEqualTo(second);
      assertThat(server.postgres.value(CONTENT)).isEqualTo(secondLife);
      undo(server);
      assertThat(server.uid()).isEqualTo(first);
      assertThat(server.postgres.value(CONTENT)).isEqualTo(original);
      assertThatExceptionOfType(PgBackupException.class)
          .isThrownBy(() -> server.bench().undo().undo(server.postgres.dataDirectory()))
          .satisfies(refusal -> assertThat(refusal.problem()).isInstanceOf(Problem.NotFound.class));

      // The first lineage goes on.
      server.postgres.sql("insert into account (owner) values ('after the undo')");
      String afterUndo = server.postgres.value(CONTENT);
      Instant instant = server.now();
      server.archiveEverything();
      Path after = folder.resolve("after");
      server
          .bench()
          .runner()
          .run(
              server.plan(first, instant),
              new RestoreDestination.NewDirectory(after, Optional.empty()),
              RestoreListener.SILENT);
      assertThat(contentOf(release, after)).isEqualTo(afterUndo);
    }
  }

  @EachRelease
  void aServerThatWasStoppedStaysStoppedAndKeepsTodaysConfiguration(PostgresRelease release) {
    try (ProtectedServer server = new ProtectedServer(release, store, folder)) {
      List<Moment> moments = story(server);
      LineageUid uid = server.uid();
      server.postgres.configure("work_mem", "7MB");
      server.postgres.sql("alter system set maintenance_work_mem = '77MB'");
      server.postgres.stop();

      RestoreResult result =
          server
              .bench()
              .runner()
              .run(
                  server.plan(uid, moments.getFirst().instant()),
                  new RestoreDestination.InPlace(server.postgres.dataDirectory(), false),
                  RestoreListener.SILENT);

      assertThat(result.running()).isFalse();
      server.postgres.start();
      assertThat(server.postgres.value(CONTENT)).isEqualTo(moments.getFirst().content());
      assertThat(server.postgres.value("show work_mem")).isEqualTo("7MB");
      assertThat(server.postgres.value("show maintenance_work_mem")).isEqualTo("77MB");
      assertThat(server.postgres.value("show archive_command")).contains("outbox");
    }
  }

  private static WalEngine wal(ProtectedServer server, LineageUid uid) {
    return server.bench().services().engines().wal(server.layout(uid));
  }

  private static RestoreResult inPlace(ProtectedServer server, LineageUid uid, Instant instant) {
    return server
        .bench()
        .runner()
        .run(
            server.plan(uid, instant),
            new RestoreDestination.InPlace(server.postgres.dataDirectory(), true),
            RestoreListener.SILENT);
  }

  private static void undo(ProtectedServer server) {
    server.postgres.stop();
    RestoreUndo.Undone undone = server.bench().undo().undo(server.postgres.dataDirectory());
    assertThat(undone.restoredKept().orElseThrow()).isDirectory();
    server.postgres.start();
  }

  /// Rows around a base backup and WAL switches; everything is archived at the end.
  private static List<Moment> story(ProtectedServer server) {
    server.postgres.sql("create table account (id bigserial primary key, owner text)");
    insert(server, 100);
    server.backUp();
    insert(server, 10);
    Moment first = moment(server);
    server.postgres.sql("select pg_switch_wal()");
    insert(server, 2000);
    Moment second = moment(server);
    server.postgres.sql("delete from account where id % 3 = 0");
    Moment third = moment(server);
    server.postgres.sql("delete from account");
    server.archiveEverything();
    return List.of(first, second, third);
  }

  private static void insert(ProtectedServer server, int rows) {
    server.postgres.sql(
        "insert into account (owner) select md5(i::text) from generate_series(1, " + rows + ") i");
  }

  private static Moment moment(ProtectedServer server) {
    String content = server.postgres.value(CONTENT);
    return new Moment(server.now(), content);
  }

  private static String contentOf(PostgresRelease release, Path dataDirectory) {
    try (TestPostgres restored =
        TestPostgres.over(release, dataDirectory, Map.of("archive_command", "false"))) {
      restored.start();
      return restored.value(CONTENT);
    }
  }
}
