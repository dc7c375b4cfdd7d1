package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pgbackup.postgres.ControlFile;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.s3.S3ObjectStore;
import io.pgbackup.testing.EachRelease;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.FaultyProxy;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.TestPostgres;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;

/// The store goes away while the latest state is being recovered.
class StoreOutageIT {
  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  /// P24.
  @EachRelease
  void recoveryNeverEndsEarlyAndGoesOnWhenTheStoreIsBack(PostgresRelease release) {
    S3Server s3 = S3Server.shared();
    String bucket = s3.newBucket();
    Path target = folder.resolve("restored");
    RestoreDestination destination = new RestoreDestination.NewDirectory(target, Optional.empty());
    try (FaultyProxy proxy = FaultyProxy.before(s3.endpoint());
        ObjectStore store = S3ObjectStore.open(s3.storageConfig(bucket));
        ObjectStore broken = S3ObjectStore.open(s3.storageConfig(bucket, proxy.endpoint()));
        ProtectedServer server = new ProtectedServer(release, store, folder)) {
      server.postgres.sql("create table account (id int)");
      server.backUp();
      for (int id = 1; id <= 10; id++) {
        server.postgres.sql("insert into account values (" + id + "); select pg_switch_wal()");
      }
      server.archiveEverything();
      RestorePlan plan = server.plan(server.uid(), new RecoveryTarget.Latest());
      String lost = plan.wal().stream().skip(6).findFirst().orElseThrow().fileName();
      proxy.breakNext(
          Integer.MAX_VALUE,
          request -> request.target().contains(lost),
          new FaultyProxy.Fault.LoseRequest());

      PgBackupException failure =
          catchThrowableOfType(
              PgBackupException.class,
              () ->
                  new RestoreRunner(
                          new RestoreBench(broken, release).services(), Duration.ofSeconds(1))
                      .run(plan, destination, RestoreListener.SILENT));

      assertThat(failure.problem()).isInstanceOf(Problem.StorageFailed.class);
      assertThat(target).doesNotExist();
      DataDirectory staging = new DataDirectory(RestorePaths.of(target).staging());
      assertThat(staging.has("recovery.signal")).isTrue();
      assertThat(staging.control().timeline()).isEqualTo(Timeline.FIRST);
      assertThat(staging.control().state())
          .isIn(ControlFile.State.IN_ARCHIVE_RECOVERY, ControlFile.State.SHUT_DOWN_IN_RECOVERY);

      server.bench().runner().run(plan, destination, RestoreListener.SILENT);

      try (TestPostgres restored = TestPostgres.over(release, target, Map.of())) {
        restored.start();
        assertThat(restored.value("select count(*) from account")).isEqualTo("10");
      }
    }
  }
}
