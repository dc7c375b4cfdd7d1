package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgbackup.backup.ArchivingProbe;
import io.pgbackup.backup.BackupObserver;
import io.pgbackup.backup.BackupRun;
import io.pgbackup.backup.BackupRunner;
import io.pgbackup.config.PgBackupConfig.BackupSource;
import io.pgbackup.engine.BackupDeadlines;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.WalProof;
import io.pgbackup.engine.embedded.EmbeddedBackupEngine;
import io.pgbackup.engine.embedded.EmbeddedBackupFetcher;
import io.pgbackup.engine.embedded.EmbeddedWalEngine;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.lineage.Claim;
import io.pgbackup.lineage.Claims;
import io.pgbackup.lineage.Leases;
import io.pgbackup.postgres.jdbc.PostgresClient;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.NewestRelease;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Base backups of a streaming standby, while its primary writes and archives.
class StandbyBackupIT {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String CONTENT =
      "select count(*) || ':' || sum(balance) || ':' || md5(string_agg(id || ' ' || balance, ','"
          + " order by id)) from account";

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private ObjectStore store;

  @BeforeEach
  void store() throws IOException {
    store = FileObjectStore.open(Files.createDirectory(folder.resolve("store")));
  }

  @Test
  void restoresToAnInstantWhatItsPrimaryHeldThen() throws Exception {
    try (ProtectedServer primary = primary();
        TestPostgres standby = standby(primary);
        Load load = new Load(primary.postgres)) {
      BackupRun.Completed taken = (BackupRun.Completed) backUp(primary, standby, () -> {});
      // another one at once, where no restartpoint is yet: it waits for one in another segment
      BackupRun.Completed next = (BackupRun.Completed) backUp(primary, standby, () -> {});
      load.end();
      assertThat(load.transactions).hasValueGreaterThan(100);
      String then = primary.postgres.value(CONTENT);
      Instant instant = primary.now();
      primary.postgres.sql("update account set balance = 0");
      primary.archiveEverything();

      assertThat(primary.catalog(primary.uid()).backups())
          .extracting(backup -> backup.name())
          .containsExactly(taken.backup().name(), next.backup().name());
      Path restored = folder.resolve("restored");
      primary
          .bench()
          .runner()
          .run(
              primary.plan(primary.uid(), instant),
              new RestoreDestination.NewDirectory(restored, Optional.empty()),
              RestoreListener.SILENT);
      try (TestPostgres server =
          TestPostgres.over(PostgresRelease.NEWEST, restored, Map.of("archive_command", "false"))) {
        server.start();
        assertThat(server.value(CONTENT)).isEqualTo(then);
        assertThat(
                server.sql(
                    "set enable_seqscan = off; select count(*) from account where id between 1 and"
                        + " 20000"))
            .containsExactly("20000");
      }
    }
  }

  /// P49. Nobody commits on the primary but the agent beside it, whose heartbeat brings the
  /// checkpoint behind which another backup can begin.
  @Test
  void anIdlePrimarysHeartbeatIsEnough() throws Exception {
    try (ProtectedServer primary = primary();
        TestPostgres standby = standby(primary);
        Heartbeats _ = new Heartbeats(primary.postgres)) {
      BackupRun.Completed taken = (BackupRun.Completed) backUp(primary, standby, () -> {});
      BackupRun.Completed next = (BackupRun.Completed) backUp(primary, standby, () -> {});

      assertThat(next.backup().startLsn()).isGreaterThan(taken.backup().startLsn());
      assertThat(primary.catalog(primary.uid()).backups())
          .extracting(backup -> backup.name())
          .containsExactly(taken.backup().name(), next.backup().name());
    }
  }

  /// P50.
  @Test
  void aPromotionUnderWayEndsIt() throws Exception {
    try (ProtectedServer primary = primary();
        TestPostgres standby = standby(primary)) {
      BackupRun.Failed failed =
          (BackupRun.Failed)
              backUp(
                  primary,
                  standby,
                  () -> {
                    standby.sql("select pg_promote()");
                    await()
                        .atMost(PATIENCE)
                        .until(() -> standby.value("select pg_is_in_recovery()"), "f"::equals);
                  });

      assertThat(failed.problem()).isInstanceOf(Problem.PostgresFailed.class);
      assertThat(failed.problem().message()).contains("the standby was promoted");
      assertThat(primary.catalog(primary.uid()).backups()).isEmpty();
      try (Stream<StoredObject> left =
          store.list(primary.layout(primary.uid()).baseBackups().path())) {
        assertThat(left).isEmpty();
      }

      // and a primary is not what was asked for
      BackupRun.Failed next = (BackupRun.Failed) backUp(primary, standby, () -> {});
      assertThat(next.problem()).isInstanceOf(Problem.Refused.class);
      assertThat(next.problem().message()).contains("backup.from is standby");
    }
  }

  /// They lie elsewhere than its primary's.
  @NewestRelease
  void itsTablespacesComeAlong(PostgresRelease release) throws Exception {
    try (ProtectedServer primary = primary(release)) {
      Path place = Files.createDirectory(folder.resolve("fast"));
      primary.postgres.user().own(place);
      primary.postgres.sql("create tablespace fast location '%s'".formatted(place));
      primary.postgres.sql("alter table account set tablespace fast");
      try (TestPostgres standby = standby(primary);
          Load _ = new Load(primary.postgres)) {
        assertThat(backUp(primary, standby, () -> {})).isInstanceOf(BackupRun.Completed.class);
      }
      primary.postgres.sql("update account set balance = 200 where id % 2 = 0");
      String then = primary.postgres.value(CONTENT);
      RestorePlan plan = planned(primary);
      Path restored = folder.resolve("restored");
      Path moved = folder.resolve("restored.fast");
      Map<String, String> names =
          new EmbeddedBackupFetcher(store, primary.layout(primary.uid()), 1)
              .tablespaceNames(plan.backup().name());

      primary
          .bench()
          .runner()
          .run(
              plan,
              new RestoreDestination.NewDirectory(restored, Optional.empty())
                  .with(
                      new TablespaceTargets(plan, names)
                          .resolve(List.of(new TablespaceMapping("fast", moved)), restored)),
              RestoreListener.SILENT);

      assertThat(moved).isNotEmptyDirectory();
      assertThat(contentOf(release, restored)).isEqualTo(then);
    }
  }

  /// To now, of which all is archived.
  private static RestorePlan planned(ProtectedServer primary) {
    Instant instant = primary.now();
    primary.postgres.sql("update account set balance = 0");
    primary.archiveEverything();
    return primary.plan(primary.uid(), instant);
  }

  private static String contentOf(PostgresRelease release, Path directory) {
    try (TestPostgres server =
        TestPostgres.over(release, directory, Map.of("archive_command", "false"))) {
      return server.start().value(CONTENT);
    }
  }

  private ProtectedServer primary() {
    return primary(PostgresRelease.NEWEST);
  }

  private ProtectedServer primary(PostgresRelease release) {
    ProtectedServer primary = new ProtectedServer(release, store, folder);
    primary.postgres.configure("archive_timeout", "1s");
    primary.postgres.configure("wal_keep_size", "256MB");
    primary.postgres.configure("checkpoint_timeout", "30s");
    primary.postgres.reload();
    primary.postgres.sql(
        "create table account (id int primary key, balance int not null);"
            + " insert into account select i, 100 from generate_series(1, 20000) i");
    return primary;
  }

  private static TestPostgres standby(ProtectedServer primary) throws Exception {
    return primary.standby(Map.of("archive_command", "false"));
  }

  /// @param underWay run once, when files are read
  private BackupRun.Ended backUp(ProtectedServer primary, TestPostgres standby, Runnable underWay) {
    Clock clock = Clock.systemUTC();
    ArchiveLayout layout = primary.layout(primary.uid());
    Claim claim = new Claims(store).read(layout.prefix()).orElseThrow();
    var deadlines = new BackupDeadlines(PATIENCE, PATIENCE, PATIENCE);
    AtomicBoolean ran = new AtomicBoolean();
    return new BackupRunner(
            new EmbeddedBackupEngine(
                store,
                layout,
                standby.config(),
                new EmbeddedBackupEngine.Settings(Codec.LZ4, 2, "db-2", 1 << 20, deadlines),
                clock),
            new ArchivingProbe(
                standby.config(),
                false,
                claim,
                new EmbeddedWalEngine(store, layout, Codec.LZ4, Optional.of(claim.segmentSize())),
                new WalProof(store, layout, clock),
                PATIENCE,
                BackupSource.STANDBY,
                Optional.empty()),
            new Leases(store, clock),
            layout.prefix(),
            "a test",
            Optional.empty(),
            clock)
        .run(
            BackupRun.newId(),
            BackupRequest.FULL,
            new BackupObserver() {
              @Override
              public void became(BackupRun run) {}

              @Override
              public void progressed(long files, long bytes) {
                if (ran.compareAndSet(false, true)) {
                  underWay.run();
                }
              }
            });
  }

  /// What the primary's agent writes where nobody else does, oftener.
  private static final class Heartbeats implements AutoCloseable {
    private final ScheduledExecutorService beating = Executors.newSingleThreadScheduledExecutor();
    private final PostgresClient client;

    Heartbeats(TestPostgres postgres) {
      client = PostgresClient.connect(postgres.config());
      var _ = beating.scheduleWithFixedDelay(client::heartbeat, 0, 1, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
      beating.close();
      client.close();
    }
  }

  /// Moves money between accounts, as pgbench does, so that the sum stays. Close it to have it end.
  private static final class Load implements AutoCloseable {
    private final Thread thread;
    private volatile boolean closed;
    private final AtomicLong transactions = new AtomicLong();

    Load(TestPostgres postgres) {
      thread = Thread.ofPlatform().name("load").start(() -> run(postgres));
    }

    private void run(TestPostgres postgres) {
      try (Connection connection = postgres.connect();
          Statement statement = connection.createStatement()) {
        for (int i = 0; !closed; i++) {
          statement.execute(
              "begin; update account set balance = balance - 1 where id = %d; update account set balance = balance + 1 where id = %d; commit"
                  .formatted(1 + i * 7919 % 20000, 1 + i * 104_729 % 20000));
          if (i % 500 == 499) {
            statement.execute("checkpoint");
          }
          transactions.incrementAndGet();
          Thread.sleep(1);
        }
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      } catch (InterruptedException _) {
        // the test ends
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void close() {
      end();
    }

    void end() {
      closed = true;
      try {
        thread.join();
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
