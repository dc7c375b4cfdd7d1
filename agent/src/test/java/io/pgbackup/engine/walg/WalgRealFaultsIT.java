package io.pgbackup.engine.walg;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.PgBackupConfig.CredentialFiles;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.engine.BackupDeadlines;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.WalEngine;
import io.pgbackup.engine.embedded.EmbeddedBackupEngine.DeltaRules;
import io.pgbackup.engine.embedded.EmbeddedWalEngine;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.engine.walg.WalgArchive.Verdict;
import io.pgbackup.engine.walg.WalgArchive.Verification;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.StoredObject;
import io.pgbackup.testing.ArchivePump;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.QuietListener;
import io.pgbackup.testing.RealWalg;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.SessionCredentials;
import io.pgbackup.testing.TestArchive;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A real wal-g to which something happens: each time the reason is told, nothing is lost, no
/// process is left, and the next attempt succeeds.
class WalgRealFaultsIT {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final BackupDeadlines PATIENT = new BackupDeadlines(PATIENCE, PATIENCE, PATIENCE);
  private static final WalFileName HISTORY = WalFileName.parse("00000002.history");
  private static final byte[] CONTENT = "1\t0/5000000\tno recovery target\n".getBytes(UTF_8);

  @TempDir(factory = EnterableTempDir.class)
  private static Path shared;

  private static TestPostgres postgres;

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private final AtomicInteger sessions = new AtomicInteger();

  // opened before each test
  @SuppressWarnings("NullAway.Init")
  private TestArchive archive;

  // opened before each test
  @SuppressWarnings("NullAway.Init")
  private ArchivePump pump;

  private String bucket = "";

  @BeforeAll
  static void start() {
    RealWalg.binary();
    postgres =
        TestPostgres.builder(PostgresRelease.NEWEST)
            .setting("archive_mode", "on")
            .create(shared.resolve("data"))
            .start();
    postgres.sql(
        "create table noise as select i, string_agg(md5(i::text || j), '') word"
            + " from generate_series(1, 10000) i, generate_series(1, 20) j group by i");
  }

  @AfterAll
  static void stop() {
    if (postgres != null) {
      postgres.close();
    }
  }

  @BeforeEach
  void openArchive() {
    S3Server server = S3Server.shared();
    bucket = server.newBucket();
    archive = TestArchive.s3(server.storageConfig(bucket));
    pump = new ArchivePump(folder.resolve("spool"), embeddedWal());
    postgres.configure("archive_command", pump.archiveCommand());
    postgres.reload();
  }

  @AfterEach
  void close() {
    if (archive != null) {
      postgres.configure("archive_command", "");
      postgres.reload();
      pump.close();
      archive.close();
    }
  }

  @Test
  void killedInTheMiddle() throws IOException {
    Problem problem = failure(slowly(1_000_000), PATIENT, () -> signal("KILL"));

    assertThat(problem.message()).startsWith("wal-g backup-push was killed (SIGKILL)");
    assertNothingIsLeftAndTheNextOneSucceeds();
  }

  @Test
  void hangingInTheMiddle() throws IOException {
    Duration silence = Duration.ofSeconds(2);

    Problem problem =
        failure(
            slowly(1_000_000),
            new BackupDeadlines(PATIENCE, silence, silence),
            () -> signal("STOP"));

    assertThat(problem).isInstanceOf(Problem.TimedOut.class);
    assertThat(problem.message()).startsWith("wal-g backup-push did nothing for 4 s");
    assertNothingIsLeftAndTheNextOneSucceeds();
  }

  @Test
  void withLessMemoryThanItNeeds() throws IOException {
    Problem problem =
        failure("ulimit -v 1000000; export S3_MAX_PART_SIZE=1000000000\n", PATIENT, () -> {});

    assertThat(problem.message())
        .startsWith("wal-g backup-push ran out of memory")
        .contains("fatal error: ");
    assertThat(problem.hint().orElseThrow()).contains("raise the limit");
    assertNothingIsLeftAndTheNextOneSucceeds();
  }

  @Test
  void withoutTheRightToWrite() throws IOException {
    StorageConfig reader = session("s3:GetObject");
    try (Walg walg = Walg.open(config(reader), RealWalg.binary())) {
      Problem problem = failure(walg, PATIENT, () -> {});

      assertThat(problem.message()).contains("wal-g backup-push failed").contains("AccessDenied");
      assertThat(problem.hint().orElseThrow()).contains("rights of the credentials");
      assertThat(problem.retryMayHelp()).isFalse();
      assertThat(stored()).isEmpty();
      try (WalgWalEngine wal = wal(walg)) {
        Problem refused = problem(() -> wal.push(HISTORY, CONTENT));
        assertThat(refused.message()).contains("AccessDenied");
        assertThat(refused.hint().orElseThrow()).contains("rights of the credentials");
        assertThat(wal.fetch(HISTORY)).isEmpty();
      }
    }
    assertNothingIsLeftAndTheNextOneSucceeds();
  }

  @Test
  void aDaemonThatIsKilled() throws IOException {
    WalFileName next = WalFileName.parse("00000003.history");
    try (Walg walg = Walg.open(config(root()), wrapped(""));
        WalgWalEngine wal = wal(walg)) {
      wal.push(HISTORY, CONTENT);

      signal("KILL");

      await()
          .atMost(PATIENCE)
          .ignoreExceptionsMatching(
              e -> e instanceof PgBackupException failed && failed.problem().retryMayHelp())
          .until(() -> wal.push(next, CONTENT) != null);
      assertThat(walg.children().restarts()).isEqualTo(1);
      assertThat(wal.fetch(HISTORY)).hasValue(CONTENT);
      assertThat(wal.fetch(next)).hasValue(CONTENT);
    }
    Orphans.assertNone(pids());
  }

  @Test
  void withoutTheRightToDelete() throws IOException {
    StorageConfig archiver = session("s3:GetObject", "s3:PutObject");
    try (Walg walg = Walg.open(config(archiver), RealWalg.binary())) {
      BackupName name = push(walg, PATIENT, () -> {}).name();
      List<String> before = stored();
      assertThat(walg.archive(archive.store(), archive.layout()).verify())
          .as("the server's WAL is there without a gap")
          .isEqualTo(new Verification(Verdict.OK, Verdict.OK));

      Problem problem =
          problem(
              () -> {
                walg.archive(archive.store(), archive.layout()).delete(name);
                return name;
              });

      assertThat(problem).isInstanceOf(Problem.StorageFailed.class);
      assertThat(problem.hint().orElseThrow()).contains("may not delete");
      assertThat(stored()).isEqualTo(before);
    }
    try (Walg walg = Walg.open(config(root()), RealWalg.binary())) {
      BackupName name =
          new BackupName(stored().getFirst().replaceAll(".*/(base_[0-9A-F]+).*", "$1"));
      walg.archive(archive.store(), archive.layout()).delete(name);
      assertThat(stored()).isEmpty();
    }
  }

  @Test
  void whoseCredentialsAreReplacedInTheMiddle() throws IOException {
    // given: the first session may write parts only, and wal-g asks again after a few seconds
    StorageConfig files = limited(SessionPolicy.on(bucket, "*/tar_partitions/*", "s3:PutObject"));
    InstantSource late = Clock.offset(Clock.systemUTC(), Duration.ofSeconds(-295));
    try (Walg walg = Walg.open(config(files), wrapped(slowly(1_500_000)), folder, late)) {
      // when
      TakenBackup taken =
          push(
              walg,
              PATIENT,
              () ->
                  replace(
                      (CredentialFiles) files.credentials().orElseThrow(),
                      session("s3:PutObject")));

      // then
      assertThat(stored())
          .anyMatch(key -> key.endsWith(taken.name() + "_backup_stop_sentinel.json"));
    }
  }

  private void assertNothingIsLeftAndTheNextOneSucceeds() throws IOException {
    if (Files.exists(pids())) {
      Orphans.assertNone(pids());
    }
    assertThat(stored()).isEmpty();
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                postgres.value(
                    "select count(*) from pg_stat_activity"
                        + " where application_name = 'pgbackup wal-g'"),
            "0"::equals);
    try (Walg walg = Walg.open(config(root()), RealWalg.binary())) {
      BackupName name = push(walg, PATIENT, () -> {}).name();
      assertThat(archive.store().head(archive.layout().sentinel(name))).isPresent();
    }
  }

  /// What is there of base backups.
  private List<String> stored() {
    try (Stream<StoredObject> objects =
        archive.store().list(archive.layout().baseBackups().path())) {
      return objects.map(object -> object.key().value()).toList();
    }
  }

  private WalEngine embeddedWal() {
    return new EmbeddedWalEngine(archive.store(), archive.layout(), Codec.LZ4, Optional.empty());
  }

  private WalgWalEngine wal(Walg walg) {
    return walg.wal(
        archive.store(),
        archive.layout(),
        Packing.plain(Codec.LZ4),
        embeddedWal(),
        Clock.systemUTC());
  }

  private StorageConfig root() {
    return S3Server.shared().storageConfig(bucket);
  }

  /// One that may also do this.
  private StorageConfig session(String... actions) {
    return limited(SessionPolicy.in(bucket, actions));
  }

  private StorageConfig limited(String policy) {
    try {
      return SessionCredentials.limit(
          S3Server.shared(),
          root(),
          policy,
          Files.createDirectory(folder.resolve("session-" + sessions.incrementAndGet())));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void replace(CredentialFiles old, StorageConfig fresh) {
    CredentialFiles given = (CredentialFiles) fresh.credentials().orElseThrow();
    Map<Path, Path> files =
        Map.of(
            given.accessKeyIdFile(),
            old.accessKeyIdFile(),
            given.secretAccessKeyFile(),
            old.secretAccessKeyFile(),
            given.sessionTokenFile().orElseThrow(),
            old.sessionTokenFile().orElseThrow());
    files.forEach(
        (from, to) -> {
          try {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private PgBackupConfig config(StorageConfig storage) {
    try (TestArchive seen = TestArchive.s3(storage)) {
      return WalgConfigs.of(seen, postgres.configOverSocket());
    }
  }

  /// Parts appear one after the other, so that there is a middle.
  private static String slowly(int bytesPerSecond) {
    return "export WALG_NETWORK_RATE_LIMIT=%d WALG_TAR_SIZE_THRESHOLD=500000\n"
        .formatted(bytesPerSecond);
  }

  private Path pids() {
    return folder.resolve("pids");
  }

  /// The real one, behind some lines of shell.
  private Path wrapped(String lines) throws IOException {
    return StandIn.script(
        folder,
        """
        if [ "$1" != --version ]; then
          echo $$ >>'%s'
          %s
        fi
        exec '%s' "$@"
        """
            .formatted(pids(), lines, RealWalg.binary()));
  }

  private void signal(String name) {
    try {
      String pid = Files.readAllLines(pids()).getLast();
      assertThat(new ProcessBuilder("kill", "-s", name, pid).start().waitFor()).isZero();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Problem failure(String lines, BackupDeadlines deadlines, Runnable whenStarted)
      throws IOException {
    try (Walg walg = Walg.open(config(root()), wrapped(lines))) {
      return failure(walg, deadlines, whenStarted);
    }
  }

  private Problem failure(Walg walg, BackupDeadlines deadlines, Runnable whenStarted) {
    return problem(() -> push(walg, deadlines, whenStarted));
  }

  private interface Attempt {
    Object make() throws IOException;
  }

  private static Problem problem(Attempt attempt) {
    return Optional.ofNullable(catchThrowableOfType(PgBackupException.class, attempt::make))
        .orElseThrow(() -> new AssertionError("it succeeded"))
        .problem();
  }

  /// @param whenStarted run once, when the first parts are stored
  private TakenBackup push(Walg walg, BackupDeadlines deadlines, Runnable whenStarted) {
    return walg.backups(
            archive.store(),
            archive.layout(),
            postgres.configOverSocket(),
            new WalgBackupEngine.Settings(
                Packing.plain(Codec.LZ4), 0, DeltaRules.NEVER, Optional.empty(), deadlines),
            Clock.systemUTC())
        .push(
            BackupRequest.FULL,
            new QuietListener() {
              @Override
              public void started(BackupName name) {
                whenStarted.run();
              }
            });
  }
}
