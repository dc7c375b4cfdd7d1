package io.pgbackup.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.engine.embedded.EmbeddedWalEngine;
import io.pgbackup.engine.format.BackupMetadata;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Sentinel;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.testing.ArchivePump;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestArchive;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// What every engine does with base backups, of a real server and over a real store.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class BackupEngineContract {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final BackupDeadlines PATIENT = new BackupDeadlines(PATIENCE, PATIENCE, PATIENCE);
  private static final BackupDeadlines NO_WAL =
      new BackupDeadlines(PATIENCE, PATIENCE, Duration.ofSeconds(1));
  private static final String CONTENT =
      "select count(*) || ' ' || md5(string_agg(id || ':' || word, ',' order by id)) from words";

  private final TestArchive.Kind kind;
  private final PostgresRelease release;
  private Path folder;
  private TestArchive archive;
  private ArchivePump pump;
  private TestPostgres postgres;
  private int restores;

  protected BackupEngineContract(TestArchive.Kind kind, PostgresRelease release) {
    this.kind = kind;
    this.release = release;
  }

  /// Skips the test, or opens what the engines need. Once for all tests.
  protected abstract void open(TestArchive archive, PostgresConfig postgres);

  protected abstract BackupEngine engine(BackupDeadlines deadlines);

  protected abstract BackupFetcher fetcher();

  protected abstract void shut();

  protected TestArchive archive() {
    return archive;
  }

  protected PostgresConfig server() {
    return postgres.configOverSocket();
  }

  @BeforeAll
  void start(@TempDir(factory = EnterableTempDir.class) Path shared) {
    skipOrNot();
    folder = shared;
    archive = TestArchive.create(kind, folder);
    pump = new ArchivePump(folder.resolve("spool"), wal());
    postgres =
        TestPostgres.builder(release)
            .setting("archive_mode", "on")
            .setting("archive_command", pump.archiveCommand())
            .create(folder.resolve("data"))
            .start();
    postgres.sql(
        "create table words (id bigserial primary key, word text);"
            + "insert into words (word) select md5(i::text) from generate_series(1, 20000) i");
    open(archive, server());
  }

  /// Called before anything is started.
  protected void skipOrNot() {}

  @AfterAll
  void stop() {
    if (postgres != null) {
      shut();
      postgres.close();
      pump.close();
      archive.close();
    }
  }

  /// A base backup begins in a segment of its own, as the probe before it sees to.
  @BeforeEach
  void nextSegment() {
    pump.release();
    postgres.sql("select pg_logical_emit_message(true, 'test', 'x'); select pg_switch_wal()");
  }

  @Test
  void whatWasTakenComesBack() throws IOException {
    // given
    Heard heard = new Heard();

    // when
    TakenBackup taken = engine(PATIENT).push(BackupRequest.FULL, heard);
    postgres.sql("insert into words (word) values ('after the backup')");
    String expected = postgres.value(CONTENT);
    archiveEverything();

    // then
    assertThat(heard.events)
        .containsExactly("started " + taken.name(), "awaiting WAL", "before sentinel");
    assertThat(taken.name().isDelta()).isFalse();
    Sentinel sentinel = sentinel(taken.name());
    assertThat(sentinel.startLsn()).contains(taken.startLsn());
    assertThat(sentinel.finishLsn()).contains(taken.finishLsn());
    assertThat(sentinel.uncompressedSize()).isEqualTo(taken.uncompressedSize());
    assertThat(taken.finishTime()).isAfter(taken.startTime());
    assertThat(taken.files()).isPositive();
    assertThat(recovered(taken.name())).isEqualTo(expected);
  }

  @Test
  void aDeltaStandsOnTheLastOneAndComesBackWithIt() throws IOException {
    TakenBackup full = engine(PATIENT).push(BackupRequest.FULL, new Heard());
    postgres.sql("update words set word = 'changed' where id % 1000 = 0");
    nextSegment();

    TakenBackup delta =
        engine(PATIENT).push(BackupRequest.of(BackupRequest.Kind.DELTA), new Heard());
    String expected = postgres.value(CONTENT);
    archiveEverything();

    assertThat(delta.name().isDelta()).isTrue();
    assertThat(delta.name().parentSegment()).contains(full.name().startSegment());
    assertThat(delta.compressedSize()).isLessThan(full.compressedSize());
    assertThat(recovered(delta.name())).isEqualTo(expected);
  }

  @Test
  void aPermanentOneWithUserDataSaysSo() throws IOException {
    var data = JsonNodeFactory.instance.objectNode().put("release", "1.2");

    TakenBackup taken =
        engine(PATIENT)
            .push(new BackupRequest(BackupRequest.Kind.FULL, true, Optional.of(data)), new Heard());

    ObjectKey key = archive.layout().metadata(taken.name());
    try (InputStream stored = archive.store().open(key)) {
      BackupMetadata metadata = BackupMetadata.read(stored.readAllBytes(), key.value());
      assertThat(metadata.permanent()).isTrue();
      assertThat(metadata.userData()).contains(data);
    }
    assertThat(sentinel(taken.name()).userData()).contains(data);
  }

  @Test
  void withoutItsWalItDoesNotCount() {
    pump.hold();

    assertThatThrownBy(() -> engine(NO_WAL).push(BackupRequest.FULL, new Heard()))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e -> assertThat(e.problem()).isInstanceOf(Problem.TimedOut.class))
        .hasMessageContaining("did not reach the store");
  }

  @Test
  void whoeverHoldsTheLeaseMayStopItAtTheLastMoment() {
    assertThatThrownBy(
            () ->
                engine(PATIENT)
                    .push(
                        BackupRequest.FULL,
                        new Heard() {
                          @Override
                          public void beforeSentinel() {
                            throw Problem.refused("the lease is lost", "Look.").asException();
                          }
                        }))
        .hasMessage("the lease is lost");
  }

  @Test
  void anInterruptEndsItAndTheServerHasNoBackupOpen() throws Exception {
    // given
    var begun = new CountDownLatch(1);
    var failure = new CompletableFuture<Throwable>();
    Thread runner =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    engine(PATIENT)
                        .push(
                            BackupRequest.FULL,
                            new Heard() {
                              @Override
                              public void awaitingWal(WalSegment first, WalSegment last) {
                                begun.countDown();
                                await()
                                    .atMost(PATIENCE)
                                    .until(Thread.currentThread()::isInterrupted);
                              }
                            });
                    failure.complete(new AssertionError("it was taken"));
                  } catch (Throwable e) {
                    failure.complete(e);
                  }
                });
    begun.await();

    // when
    runner.interrupt();

    // then
    assertThat(failure.get()).isInstanceOf(PgBackupException.class);
    await()
        .untilAsserted(
            () ->
                assertThat(
                        postgres.value(
                            "select count(*) from pg_stat_activity where backend_type = 'client"
                                + " backend' and pid <> pg_backend_pid()"))
                    .isEqualTo("0"));
  }

  @Test
  void anUnknownBackupIsNotFound() {
    assertThatThrownBy(() -> fetch(new BackupName("base_0000000100000000000000FF"), "unknown"))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e -> assertThat(e.problem()).isInstanceOf(Problem.NotFound.class));
  }

  @Test
  void nothingIsFetchedOverFilesThatAreThere() throws IOException {
    TakenBackup taken = engine(PATIENT).push(BackupRequest.FULL, new Heard());
    Path directory = Files.createDirectory(folder.resolve("taken"));
    Files.createFile(directory.resolve("precious"));

    assertThatThrownBy(() -> fetch(taken.name(), "taken")).hasMessage(directory + " is not empty");
    assertThat(directory).isDirectoryContaining("glob:**precious");
  }

  private FetchedBackup fetch(BackupName name, String directory) {
    return fetcher()
        .fetch(name, new FetchTarget(folder.resolve(directory), postgres.user()::own), _ -> {});
  }

  private String recovered(BackupName name) throws IOException {
    String directory = "restored-" + ++restores;
    FetchedBackup fetched = fetch(name, directory);
    assertThat(fetched.leftOut()).isEmpty();
    assertThat(fetched.files()).isPositive();
    Path data = folder.resolve(directory);
    Path wal = folder.resolve("wal-" + restores);
    fetchWal(wal);
    Files.createFile(data.resolve("recovery.signal"));
    try (TestPostgres restored =
        TestPostgres.over(
            release,
            data,
            Map.of("restore_command", "cp '" + wal + "/%f' \"%p\"", "archive_mode", "off"))) {
      restored.user().own(data.resolve("recovery.signal"));
      restored.start();
      await()
          .atMost(PATIENCE)
          .until(() -> restored.value("select pg_is_in_recovery()"), "f"::equals);
      return restored.value(CONTENT);
    }
  }

  private void fetchWal(Path directory) throws IOException {
    Files.createDirectory(directory);
    try (var listing = archive.store().list(archive.layout().wal().path())) {
      for (var object : listing.toList()) {
        String name = object.key().name().replaceFirst("\\.lz4$", "");
        Files.write(directory.resolve(name), wal().fetch(WalFileName.parse(name)).orElseThrow());
      }
    }
  }

  private void archiveEverything() {
    String last = postgres.value("select pg_walfile_name(pg_switch_wal())");
    await().atMost(PATIENCE).until(() -> wal().fetch(WalFileName.parse(last)).isPresent());
  }

  private EmbeddedWalEngine wal() {
    return new EmbeddedWalEngine(archive.store(), archive.layout(), Codec.LZ4, Optional.empty());
  }

  private Sentinel sentinel(BackupName name) throws IOException {
    ObjectKey key = archive.layout().sentinel(name);
    try (InputStream stored = archive.store().open(key)) {
      return Sentinel.read(stored.readAllBytes(), key.value());
    }
  }

  private static class Heard implements BackupListener {
    final List<String> events = new ArrayList<>();

    @Override
    public void started(BackupName name) {
      events.add("started " + name);
    }

    @Override
    public void progressed(long files, long bytes) {}

    @Override
    public void awaitingWal(WalSegment first, WalSegment last) {
      events.add("awaiting WAL");
    }

    @Override
    public void beforeSentinel() {
      events.add("before sentinel");
    }
  }
}
