package io.pgbackup.cli;

import static java.nio.file.StandardCopyOption.COPY_ATTRIBUTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgbackup.archive.ArchiveSocket;
import io.pgbackup.archive.Retry;
import io.pgbackup.archive.SocketLimits;
import io.pgbackup.archive.WalArchiver;
import io.pgbackup.archive.WalServer;
import io.pgbackup.engine.WalEngine;
import io.pgbackup.engine.embedded.EmbeddedWalEngine;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.store.s3.S3ObjectStore;
import io.pgbackup.testing.EachRelease;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A real PostgreSQL archives and recovers through the real launcher and a real agent's socket.
class WalPushIT {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @TempDir(factory = EnterableTempDir.class)
  private static Path installed;

  private static InstalledLauncher launcher;

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private Path socketPath;

  @BeforeAll
  static void install() throws IOException {
    launcher = InstalledLauncher.in(installed);
  }

  @BeforeEach
  void chooseSocket() {
    socketPath = folder.resolve("run/archive.sock");
  }

  private String command(String words) {
    return "JAVA_HOME=\"%s\" \"%s\" wal %s"
        .formatted(System.getProperty("java.home"), launcher.path(), words)
        .formatted(socketPath);
  }

  private TestPostgres postgres(PostgresRelease release, String segmentSize) throws IOException {
    return TestPostgres.builder(release)
        .initdb("--wal-segsize=" + segmentSize)
        .setting("archive_mode", "on")
        .setting("archive_command", command("push --socket \"%s\" %%p"))
        .setting("wal_keep_size", "256MB")
        .create(folder.resolve("data"));
  }

  private ArchiveSocket agent(WalEngine engine) {
    var retry = new Retry(Duration.ofSeconds(1), Duration.ofMillis(100));
    return ArchiveSocket.open(
        socketPath,
        folder.resolve("data"),
        new WalArchiver((_, _, _) -> {}, engine, retry, Clock.systemUTC()),
        new WalServer(engine, retry, Clock.systemUTC()),
        SocketLimits.DEFAULT);
  }

  static WalEngine engine(ObjectStore store) {
    return new EmbeddedWalEngine(
        store, new ArchiveLayout(StoreFolder.of("c/1")), Codec.LZ4, Optional.empty());
  }

  private FileObjectStore files() throws IOException {
    return FileObjectStore.open(Files.createDirectories(folder.resolve("store")));
  }

  private static WalFileName switchWal(TestPostgres postgres) {
    postgres.sql("create table if not exists t (n int); insert into t values (1)");
    return WalFileName.parse(postgres.value("select pg_walfile_name(pg_switch_wal())"));
  }

  private static byte[] inPgWal(TestPostgres postgres, WalFileName name) throws IOException {
    return Files.readAllBytes(postgres.dataDirectory().resolve("pg_wal").resolve(name.text()));
  }

  private static void awaitArchived(TestPostgres postgres, WalFileName name) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(postgres.value("select last_archived_wal from pg_stat_archiver"))
                    .as(postgres.log())
                    .isGreaterThanOrEqualTo(name.text()));
  }

  private static void awaitFailed(TestPostgres postgres, WalFileName name) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(postgres.value("select last_failed_wal from pg_stat_archiver"))
                    .as(postgres.log())
                    .isEqualTo(name.text()));
  }

  private void archivesByteEqual(PostgresRelease release, String segmentSize, WalEngine engine)
      throws IOException {
    try (var _ = agent(engine);
        TestPostgres postgres = postgres(release, segmentSize).start()) {
      WalFileName first = switchWal(postgres);
      WalFileName second = switchWal(postgres);
      awaitArchived(postgres, second);

      assertThat(engine.fetch(first)).hasValue(inPgWal(postgres, first));
      assertThat(engine.fetch(second)).hasValue(inPgWal(postgres, second));
      assertThat(postgres.value("select failed_count from pg_stat_archiver")).isEqualTo("0");
    }
  }

  @EachRelease
  void everySegmentStandsInTheBucketAsItWas(PostgresRelease release) throws IOException {
    S3Server server = S3Server.shared();
    try (ObjectStore store = S3ObjectStore.open(server.storageConfig(server.newBucket()))) {
      archivesByteEqual(release, "16", engine(store));
    }
  }

  @EachRelease
  void everySegmentStandsInTheDirectoryAsItWas(PostgresRelease release) throws IOException {
    archivesByteEqual(release, "1", engine(files()));
  }

  @Test
  void largeSegmentsPassToo() throws IOException {
    archivesByteEqual(PostgresRelease.NEWEST, "64", engine(files()));
  }

  @Test
  void otherContentIsRefusedAndWhatStandsThereStays() throws IOException {
    WalEngine engine = engine(files());
    try (var _ = agent(engine);
        TestPostgres postgres = postgres(PostgresRelease.NEWEST, "1").start()) {
      WalFileName name =
          WalFileName.parse(postgres.value("select pg_walfile_name(pg_current_wal_lsn())"));
      byte[] foreign = new byte[1 << 20];
      engine.push(name, foreign);

      switchWal(postgres);
      awaitFailed(postgres, name);

      assertThat(engine.fetch(name)).hasValue(foreign);
      assertThat(postgres.log()).contains("ERROR: ", name.text());
    }
  }

  /// The agent dies with SIGKILL after it has read the segment, once before and once after the
  /// store has it; PostgreSQL must not take either for success, and must get the same segment
  /// accepted later.
  @ParameterizedTest
  @ValueSource(strings = {"before", "after"})
  void anAgentKilledBetweenReadAndAnswerLosesNothing(String moment) throws Exception {
    files();
    Process agent =
        DyingAgent.start(socketPath, folder.resolve("data"), folder.resolve("store"), moment);
    try (TestPostgres postgres = postgres(PostgresRelease.NEWEST, "1").start()) {
      WalFileName name = switchWal(postgres);
      assertThat(agent.inputReader().readLine()).isEqualTo("listening");
      assertThat(agent.inputReader().readLine()).isEqualTo("holding " + name.text());
      assertThat(agent.destroyForcibly().waitFor()).isNotZero();
      awaitFailed(postgres, name);
      WalEngine engine = engine(files());
      assertThat(engine.fetch(name).isPresent()).isEqualTo(moment.equals("after"));

      try (var _ = agent(engine)) {
        awaitArchived(postgres, name);
      }
      assertThat(engine.fetch(name)).hasValue(inPgWal(postgres, name));
    } finally {
      agent.destroyForcibly();
    }
  }

  @EachRelease
  void recoveryFetchesEverythingAndEndsOnlyAtTheProvenEnd(PostgresRelease release)
      throws Exception {
    WalEngine engine = engine(files());
    Path copy = folder.resolve("copy");
    try (var _ = agent(engine);
        TestPostgres postgres = postgres(release, "1")) {
      copyTree(postgres.dataDirectory(), copy);
      postgres.user().ownTree(copy);
      postgres.start().sql("create table t as select generate_series(1, 20000) n");
      awaitArchived(postgres, switchWal(postgres));
      postgres.stop();
    }
    Files.createFile(copy.resolve("recovery.signal"));
    Map<String, String> recovery =
        Map.of(
            "archive_mode",
            "off",
            "hot_standby",
            "off",
            "restore_command",
            command("fetch --socket \"%s\" %%f %%p"));
    try (TestPostgres restored = TestPostgres.over(release, copy, recovery)) {
      // no agent: trouble, so PostgreSQL must stop and not promote
      assertThatThrownBy(restored::start).isInstanceOf(PgBackupException.class);
      assertThat(restored.log()).contains("no agent answers");
      assertThat(copy.resolve("recovery.signal")).exists();

      try (var _ = agent(engine)) {
        restored.start();
        await()
            .atMost(PATIENCE)
            .ignoreExceptions()
            .untilAsserted(
                () -> assertThat(restored.value("select pg_is_in_recovery()")).isEqualTo("f"));
        assertThat(restored.value("select count(*) from t")).isEqualTo("20001");
        assertThat(restored.value("select left(pg_walfile_name(pg_current_wal_lsn()), 8)"))
            .isEqualTo("00000002");
      }
    }
  }

  private static void copyTree(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file).toString()), COPY_ATTRIBUTES);
      }
    }
  }
}
