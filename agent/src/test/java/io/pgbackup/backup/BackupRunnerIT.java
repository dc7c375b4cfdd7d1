package io.pgbackup.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgbackup.config.PgBackupConfig.BackupSource;
import io.pgbackup.engine.BackupDeadlines;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.WalProof;
import io.pgbackup.engine.embedded.EmbeddedBackupEngine;
import io.pgbackup.engine.embedded.EmbeddedWalEngine;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.lineage.Claim;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.Identity;
import io.pgbackup.lineage.IdentityFile;
import io.pgbackup.lineage.Leases;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.ArchivePump;
import io.pgbackup.testing.EachRelease;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackupRunnerIT {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private final ArchiveLayout layout = new ArchiveLayout(StoreFolder.of("c1/uid/18"));
  private ObjectStore store;

  @BeforeEach
  void store() throws IOException {
    store = FileObjectStore.open(Files.createDirectory(folder.resolve("store")));
  }

  @EachRelease
  void completesOnAServerThatArchives(PostgresRelease release) {
    try (ArchivePump pump = new ArchivePump(folder.resolve("spool"), wal());
        TestPostgres postgres = server(release, pump.archiveCommand())) {

      BackupRun.Ended end = run(postgres, PATIENCE);

      BackupRun.Completed completed = (BackupRun.Completed) end;
      assertThat(store.head(layout.sentinel(completed.backup().name()))).isPresent();
      assertThat(completed.backup().files()).isGreaterThan(500);
      assertThat(completed.backup().compressedSize())
          .isPositive()
          .isLessThan(completed.backup().uncompressedSize());
    }
  }

  /// P48.
  @Test
  void anArchiveCommandThatFailsIsNoticedBeforeAnyFileIsRead() {
    try (TestPostgres postgres = server(PostgresRelease.NEWEST, "false")) {
      BackupRun.Failed failed = (BackupRun.Failed) run(postgres, Duration.ofSeconds(3));

      assertThat(failed.problem()).isInstanceOf(Problem.TimedOut.class);
      assertThat(failed.problem().message())
          .contains("WAL segment 000000010000000000000001 did not reach the store")
          .contains("its archive command failed on 000000010000000000000001");
      assertThat(failed.problem().hint().orElseThrow()).contains("archive_command");
      assertThat(store.list(layout.baseBackups().path())).isEmpty();
    }
  }

  @Test
  void anArchiveCommandThatLiesIsNoticedToo() {
    try (TestPostgres postgres = server(PostgresRelease.OLDER, "true")) {
      BackupRun.Failed failed = (BackupRun.Failed) run(postgres, Duration.ofSeconds(3));

      assertThat(failed.problem().message())
          .contains("did not reach the store")
          .contains("PostgreSQL last archived 000000010000000000000001");
    }
  }

  /// As when a clone of the server runs beside it and is ahead: the names are there, the WAL is
  /// not.
  @Test
  void aServerWhoseSegmentsAreAnothersInTheArchiveIsRefused() {
    try (TestPostgres postgres = server(PostgresRelease.NEWEST, "true")) {
      for (int number = 1; number <= 6; number++) {
        wal()
            .push(
                WalFileName.parse("00000001000000000000000%d".formatted(number)),
                new byte[WalSegmentSize.DEFAULT.bytes()]);
      }

      BackupRun.Failed failed = (BackupRun.Failed) run(postgres, PATIENCE);

      assertThat(failed.problem()).isInstanceOf(Problem.Refused.class);
      assertThat(failed.problem().message()).contains("is not what this server wrote");
      assertThat(store.list(layout.baseBackups().path())).isEmpty();
    }
  }

  @Test
  void aServerThatDoesNotArchiveIsToldWhatToSet() {
    try (TestPostgres postgres = TestPostgres.create(PostgresRelease.NEWEST, folder).start()) {
      BackupRun.Failed failed = (BackupRun.Failed) run(postgres, PATIENCE);

      assertThat(failed.problem()).isInstanceOf(Problem.Misconfigured.class);
      assertThat(failed.problem().hint().orElseThrow()).contains("archive_mode = on");
    }
  }

  @Test
  void aStandbyIsRefused() throws IOException {
    try (TestPostgres postgres = server(PostgresRelease.NEWEST, "true")) {
      standby(postgres);

      BackupRun.Failed failed = (BackupRun.Failed) run(postgres, PATIENCE);

      assertThat(failed.problem()).isInstanceOf(Problem.Refused.class);
      assertThat(failed.problem().message()).contains("in recovery");
    }
  }

  @Test
  void anotherClustersServerIsRefused() {
    try (TestPostgres postgres = server(PostgresRelease.NEWEST, "true")) {
      BackupRun.Failed failed = (BackupRun.Failed) run(postgres, PATIENCE, new SystemIdentifier(1));

      assertThat(failed.problem()).isInstanceOf(Problem.Refused.class);
      assertThat(store.list("")).extracting(StoredObject::key).noneMatch(this::isNoLease);
    }
  }

  @Test
  void theHistoryOfAPromotedServersTimelineIsInTheArchiveWithItsBackup() throws IOException {
    try (ArchivePump pump = new ArchivePump(folder.resolve("spool"), wal());
        TestPostgres postgres = server(PostgresRelease.OLDER, pump.archiveCommand())) {
      // promoted while it did not archive: PostgreSQL never offers this history file
      postgres.configure("archive_mode", "off");
      standby(postgres);
      postgres.sql("select pg_promote()");
      postgres.stop();
      postgres.configure("archive_mode", "on");
      postgres.start();

      BackupRun.Completed completed = (BackupRun.Completed) run(postgres, PATIENCE);

      assertThat(completed.backup().name().value()).startsWith("base_00000002");
      assertThat(wal().fetch(WalFileName.parse("00000002.history"))).isPresent();
    }
  }

  @Test
  void anotherLineagesDataIsRefusedBeforeItsHistoryIsStored() throws IOException {
    try (ArchivePump pump = new ArchivePump(folder.resolve("spool"), wal());
        TestPostgres postgres = server(PostgresRelease.NEWEST, pump.archiveCommand())) {
      pump.hold();
      standby(postgres);
      postgres.sql("select pg_promote()");
      identity(postgres, new LineageUid("restored"));

      BackupRun.Failed failed =
          (BackupRun.Failed) run(postgres, PATIENCE, systemIdentifier(postgres));

      assertThat(failed.problem()).isInstanceOf(Problem.Refused.class);
      assertThat(failed.problem().message())
          .contains("of lineage restored, and this base backup would be of lineage uid");
      assertThat(wal().fetch(WalFileName.parse("00000002.history"))).isEmpty();
    }
  }

  private static void identity(TestPostgres postgres, LineageUid uid) {
    IdentityFile.beside(postgres.dataDirectory())
        .write(
            new Identity(
                new ClusterId("default", "c1"), uid, systemIdentifier(postgres), Optional.empty()));
  }

  private static SystemIdentifier systemIdentifier(TestPostgres postgres) {
    return SystemIdentifier.parse(
        postgres.value("select system_identifier from pg_control_system()"));
  }

  private static void standby(TestPostgres postgres) throws IOException {
    postgres.stop();
    postgres.user().own(Files.createFile(postgres.dataDirectory().resolve("standby.signal")));
    postgres.start();
    await().atMost(PATIENCE).until(() -> postgres.value("select pg_is_in_recovery()"), "t"::equals);
  }

  private boolean isNoLease(ObjectKey key) {
    return !key.value().startsWith(layout.leases().path());
  }

  private EmbeddedWalEngine wal() {
    return new EmbeddedWalEngine(store, layout, Codec.LZ4, Optional.empty());
  }

  private TestPostgres server(PostgresRelease release, String archiveCommand) {
    return TestPostgres.builder(release)
        .setting("archive_mode", "on")
        .setting("archive_command", archiveCommand)
        .create(folder.resolve("data"))
        .start();
  }

  private BackupRun.Ended run(TestPostgres postgres, Duration probeDeadline) {
    identity(postgres, new LineageUid("uid"));
    return run(postgres, probeDeadline, systemIdentifier(postgres));
  }

  private BackupRun.Ended run(
      TestPostgres postgres, Duration probeDeadline, SystemIdentifier claimed) {
    Clock clock = Clock.systemUTC();
    Claim claim =
        new Claim(
            new ClusterId("default", "c1"),
            new LineageUid("uid"),
            claimed,
            postgres.installation().version(),
            WalSegmentSize.DEFAULT,
            Optional.empty(),
            Instant.EPOCH);
    ArchivingProbe probe =
        new ArchivingProbe(
            postgres.configOverSocket(),
            false,
            claim,
            wal(),
            new WalProof(store, layout, clock),
            probeDeadline,
            BackupSource.PRIMARY,
            Optional.of(wal()));
    EmbeddedBackupEngine engine =
        new EmbeddedBackupEngine(
            store,
            layout,
            postgres.configOverSocket(),
            new EmbeddedBackupEngine.Settings(
                Codec.LZ4, 0, "db-1", 1 << 30, new BackupDeadlines(PATIENCE, PATIENCE, PATIENCE)),
            clock);
    return new BackupRunner(
            engine,
            probe,
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
              public void progressed(long files, long bytes) {}
            });
  }
}
