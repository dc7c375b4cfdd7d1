package io.pgbackup.engine.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pgbackup.config.PgBackupConfig.PagePolicy;
import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.config.PgBackupConfig.ServerTls;
import io.pgbackup.engine.BackupDeadlines;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.FetchTarget;
import io.pgbackup.engine.FetchedBackup;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.TakenBackup.CorruptFile;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupMetadata;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.CorruptPages;
import io.pgbackup.engine.format.Sentinel;
import io.pgbackup.engine.format.TablespaceSpec;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.store.s3.S3ObjectStore;
import io.pgbackup.testing.ArchivePump;
import io.pgbackup.testing.EachRelease;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.QuietListener;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EmbeddedBackupIT {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final BackupDeadlines PATIENT = new BackupDeadlines(PATIENCE, PATIENCE, PATIENCE);
  private static final String CONTENT =
      "select count(*), md5(string_agg(id || ':' || word, ',' order by id)) from words";

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private final ArchiveLayout layout = new ArchiveLayout(StoreFolder.of("c1/uid/18"));
  private ObjectStore store;

  @BeforeEach
  void fileStore() throws IOException {
    store = FileObjectStore.open(Files.createDirectory(folder.resolve("store")));
  }

  @AfterEach
  void closeStore() {
    store.close();
  }

  @ParameterizedTest
  @CsvSource({"OLDER, file, LZ4", "NEWEST, file, NONE", "OLDER, s3, ZSTD", "NEWEST, s3, LZ4"})
  void whatIsWrittenWhileTheBackupRunsIsThereAfterARestore(
      PostgresRelease release, String kind, Codec codec) throws Exception {
    if (kind.equals("s3")) {
      store = S3ObjectStore.open(S3Server.shared().storageConfig(S3Server.shared().newBucket()));
    }
    try (ArchivePump pump = pump();
        TestPostgres postgres = server(release, pump)) {
      postgres.sql(
          "create table words (id bigserial primary key, word text);"
              + "insert into words (word) select md5(i::text) from generate_series(1, 50000) i");
      TakenBackup backup;
      try (Writer writer = new Writer(postgres)) {
        backup =
            engine(postgres, codec, 2 << 20).push(BackupRequest.FULL, new Once(writer::awaitMore));
        writer.awaitMore();
      }
      String expected = postgres.value(CONTENT);
      archiveEverything(postgres);

      assertThat(backup.corruptFiles()).isEmpty();
      assertThat(restored(release, fetching(backup.name()))).isEqualTo(expected);
      assertDocuments(backup, postgres);
    }
  }

  private void assertDocuments(TakenBackup backup, TestPostgres postgres) throws IOException {
    BackupName name = backup.name();
    Sentinel sentinel = Sentinel.read(read(layout.sentinel(name)), "sentinel");
    assertThat(sentinel.startLsn()).contains(backup.startLsn());
    assertThat(sentinel.finishLsn()).contains(backup.finishLsn());
    assertThat(sentinel.serverVersion()).contains(postgres.installation().version());
    assertThat(sentinel.hostname()).isEqualTo("db-1");
    assertThat(sentinel.dataDirectory()).isEqualTo(postgres.dataDirectory().toString());
    assertThat(sentinel.delta()).isEmpty();
    assertThat(sentinel.finishTime().orElseThrow()).isAfter(sentinel.startTime().orElseThrow());
    assertThat(sentinel.compressedSize())
        .isEqualTo(
            store.list(layout.tarPartitions(name).path()).mapToLong(part -> part.size()).sum());
    assertThat(BackupMetadata.read(read(layout.metadata(name)), "metadata"))
        .isEqualTo(BackupMetadata.of(sentinel));
    assertEveryMemberIsListed(name);
  }

  /// WAL-G drops what the list does not name, without a word.
  private void assertEveryMemberIsListed(BackupName name) throws IOException {
    JsonNode listed = new ObjectMapper().readTree(read(layout.filesMetadata(name)));
    Set<String> files = new TreeSet<>();
    listed.path("Files").fieldNames().forEachRemaining(files::add);
    Set<String> members = new TreeSet<>();
    for (StoredObject tar : store.list(layout.tarPartitions(name).path()).toList()) {
      String object = tar.key().name();
      List<String> held = UnpackedBackup.members(store, tar);
      members.addAll(held);
      if (!object.startsWith("pg_control.tar")) {
        List<String> set = new ArrayList<>();
        listed.path("TarFileSets").path(object).forEach(member -> set.add(member.asText()));
        assertThat(set).as(object).isEqualTo(held);
      }
    }
    assertThat(members)
        .containsAll(files)
        .contains("/", "/global/pg_control", "backup_label", "/pg_wal");
    members.removeAll(files);
    assertThat(members)
        .as("what WAL-G takes without a list")
        .containsExactly("/global/pg_control", "backup_label", "tablespace_map");
  }

  @ParameterizedTest
  @CsvSource({"OLDER, ZSTD", "NEWEST, LZ4", "NEWEST, NONE"})
  void stockWalgListsAndRestoresIt(PostgresRelease release, Codec codec) throws Exception {
    StockWalg walg = StockWalg.over(folder.resolve("store").resolve(layout.prefix().path()));
    try (ArchivePump pump = pump();
        TestPostgres postgres = server(release, pump)) {
      postgres.sql(
          "create table words (id int, word text);"
              + "insert into words select i, md5(i::text) from generate_series(1, 20000) i");
      String expected = postgres.value(CONTENT);
      TakenBackup backup =
          engine(postgres, codec, 2 << 20).push(BackupRequest.FULL, new Once(() -> {}));
      archiveEverything(postgres);

      assertThat(walg.run("backup-list", "--detail", "--json").succeeded().output())
          .contains("\"backup_name\":\"" + backup.name() + "\"")
          .contains("\"start_lsn\":" + backup.startLsn().value())
          .contains("\"finish_lsn\":" + backup.finishLsn().value())
          .contains("\"uncompressed_size\":" + backup.uncompressedSize());
      assertThat(
              restored(
                  release,
                  directory ->
                      assertThat(
                              walg.run("backup-fetch", directory.toString(), "LATEST")
                                  .succeeded()
                                  .errors())
                          .doesNotContain("WARNING")
                          .doesNotContain("ERROR")))
          .isEqualTo(expected);
    }
  }

  @EachRelease
  void holdsWhatPostgresqlsOwnBackupHoldsAndNothingThatMustNotComeBack(PostgresRelease release)
      throws Exception {
    try (ArchivePump pump = pump();
        TestPostgres postgres = server(release, pump);
        Connection session = postgres.connect();
        Statement statement = session.createStatement()) {
      postgres.sql(
          "create unlogged table scratch as select generate_series(1, 1000) i;"
              + "create table words (id int, word text); checkpoint");
      String unlogged = postgres.value("select pg_relation_filepath('scratch')");
      statement.execute("create temp table mine as select generate_series(1, 1000) i; checkpoint");
      Files.createSymbolicLink(
          postgres.dataDirectory().resolve("foreign"), folder.resolve("store"));
      Files.createFile(postgres.dataDirectory().resolve("backup_manifest"));

      TakenBackup backup =
          engine(postgres, Codec.LZ4, 4 << 20).push(BackupRequest.FULL, new Once(() -> {}));

      Path unpacked = Files.createDirectory(folder.resolve("unpacked"));
      UnpackedBackup content = UnpackedBackup.into(unpacked, store, layout, backup.name());
      assertThat(content.members())
          .doesNotHaveDuplicates()
          .contains(
              "",
              "PG_VERSION",
              "global/pg_control",
              "backup_label",
              "tablespace_map",
              "pg_wal",
              "pg_wal/archive_status",
              "pg_replslot",
              "pg_notify",
              "pg_tblspc",
              "pg_twophase",
              "postgresql.conf",
              unlogged + "_init")
          .doesNotContain(
              unlogged, "foreign", "postmaster.pid", "postmaster.opts", "backup_manifest")
          .noneMatch(name -> name.matches(".*/t[0-9]+_[0-9]+.*"))
          .noneMatch(name -> name.matches("pg_wal/[0-9A-F]{24}"))
          .noneMatch(name -> name.contains("pg_internal.init"));
      assertThat(content.parts())
          .contains("part_001.tar.lz4", "pg_control.tar.lz4", "backup_label.tar.lz4")
          .hasSizeGreaterThan(5);
    }
  }

  @Test
  void tablespacesComeAlongAndAreListed() throws Exception {
    try (ArchivePump pump = pump();
        TestPostgres postgres = server(PostgresRelease.NEWEST, pump)) {
      Path space = Files.createDirectory(folder.resolve("space"));
      postgres.user().own(space);
      postgres.sql("create tablespace fast location '" + space + "'");
      postgres.sql(
          "create table words (id int, word text) tablespace fast;"
              + "insert into words select i, 'w' from generate_series(1, 1000) i");
      String oid = postgres.value("select oid from pg_tablespace where spcname = 'fast'");
      String expected = postgres.value(CONTENT);

      TakenBackup backup =
          engine(postgres, Codec.LZ4, 1 << 30).push(BackupRequest.FULL, new Once(() -> {}));

      assertThat(Sentinel.read(read(layout.sentinel(backup.name())), "sentinel").tablespaces())
          .contains(
              new TablespaceSpec(
                  postgres.dataDirectory().toString(),
                  List.of(
                      new TablespaceSpec.Tablespace(oid, space.toString(), "pg_tblspc/" + oid))));
      postgres.stop();
      Path moved = folder.resolve("moved");
      assertThat(
              restored(
                  PostgresRelease.NEWEST,
                  directory -> {
                    UnpackedBackup.into(directory, store, layout, backup.name());
                    Files.move(directory.resolve("pg_tblspc").resolve(oid), moved);
                    postgres.user().ownTree(moved);
                    Files.writeString(
                        directory.resolve("tablespace_map"), oid + " " + moved + "\n");
                  }))
          .isEqualTo(expected);
    }
  }

  @EachRelease
  void aFlippedByteOnDiskIsReportedWithFileAndPage(PostgresRelease release) throws Exception {
    try (ArchivePump pump = pump();
        TestPostgres postgres = server(release, pump)) {
      postgres.sql(
          "create table words (id int, word text);"
              + "insert into words select i, 'w' from generate_series(1, 10000) i");
      String path = postgres.value("select pg_relation_filepath('words')");
      postgres.stop();
      flip(postgres.dataDirectory().resolve(path), 3 * 8192 + 4000);
      postgres.start();

      TakenBackup backup =
          engine(postgres, Codec.ZSTD, 1 << 30).push(BackupRequest.FULL, new Once(() -> {}));

      assertThat(backup.corruptFiles()).containsExactly(new CorruptFile(path, List.of(3L)));
      assertThat(Sentinel.read(read(layout.sentinel(backup.name())), "sentinel").corruptPages())
          .as("whoever reads the archive later knows it")
          .contains(new CorruptPages(1, List.of(path + " page 3")));
    }
  }

  @EachRelease
  void aBackupThatMustNotHoldACorruptPageFailsAndLeavesNothing(PostgresRelease release)
      throws Exception {
    try (ArchivePump pump = pump();
        TestPostgres postgres = server(release, pump)) {
      postgres.sql(
          "create table words (id int, word text);"
              + "insert into words select i, 'w' from generate_series(1, 10000) i");
      String path = postgres.value("select pg_relation_filepath('words')");
      postgres.stop();
      flip(postgres.dataDirectory().resolve(path), 3 * 8192 + 4000);
      flip(postgres.dataDirectory().resolve(path), 5 * 8192 + 4000);
      postgres.start();
      EmbeddedBackupEngine strict =
          new EmbeddedBackupEngine(
              store,
              layout,
              postgres.configOverSocket(),
              new EmbeddedBackupEngine.Settings(Codec.LZ4, 2, "db-1", 1 << 30, PATIENT)
                  .with(PagePolicy.FAIL),
              Clock.systemUTC());

      assertThatThrownBy(() -> strict.push(BackupRequest.FULL, new Once(() -> {})))
          .isInstanceOfSatisfying(
              PgBackupException.class,
              e -> {
                assertThat(e.problem()).isInstanceOf(Problem.VerificationFailed.class);
                assertThat(e.problem().message())
                    .isEqualTo(
                        "page checksums of the server do not hold, and backup.corruptPages is"
                            + " fail: 2 corrupt pages: %s page 3, %s page 5",
                        path, path);
                assertThat(e.problem().hint().orElseThrow())
                    .contains("backup.corruptPages: record");
              });
      try (Stream<StoredObject> left = store.list(layout.baseBackups().path())) {
        assertThat(left).isEmpty();
      }
      assertThat(
              postgres.value(
                  "select count(*) from pg_stat_activity where query like '%backup_st%'"
                      + " and pid <> pg_backend_pid()"))
          .isEqualTo("0");
    }
  }

  @Test
  void aFolderThatHoldsLeftoversIsNeitherUsedNorTouched() throws Exception {
    try (ArchivePump pump = pump();
        TestPostgres postgres = server(PostgresRelease.NEWEST, pump)) {
      postgres.sql("create table words (id int, word text); select pg_switch_wal(); checkpoint");
      WalSegment current =
          WalSegment.parse(
              postgres.value("select pg_walfile_name(pg_current_wal_insert_lsn())"),
              WalSegmentSize.DEFAULT);
      BackupName next = BackupName.full(current.next());
      ObjectKey leftover = layout.tarPartitions(next).key("part_007.tar.lz4");
      store.create(leftover, new byte[] {1}, Map.of());

      TakenBackup backup =
          engine(postgres, Codec.LZ4, 1 << 30).push(BackupRequest.FULL, new Once(() -> {}));

      assertThat(backup.name()).isGreaterThan(next);
      assertThat(store.head(leftover)).isPresent();
      assertThat(store.head(layout.sentinel(next))).isEmpty();
    }
  }

  @Test
  void withoutItsWalInTheStoreABackupGetsNoSentinelAndLeavesNothing() throws Exception {
    try (ArchivePump pump = pump();
        TestPostgres postgres = server(PostgresRelease.OLDER, pump)) {
      BackupDeadlines impatient = new BackupDeadlines(PATIENCE, PATIENCE, Duration.ofSeconds(2));
      Once listener = new Once(pump::hold);

      assertThatThrownBy(
              () ->
                  engine(postgres, Codec.LZ4, 1 << 30, impatient)
                      .push(BackupRequest.FULL, listener))
          .isInstanceOfSatisfying(
              PgBackupException.class,
              e -> {
                assertThat(e.problem()).isInstanceOf(Problem.TimedOut.class);
                assertThat(e.problem().message())
                    .contains(listener.name().startSegment())
                    .contains("PostgreSQL last archived");
              });

      assertThat(store.list(layout.baseBackups().path())).isEmpty();
      assertThat(store.list(layout.manifest(listener.name()).value())).isEmpty();
    }
  }

  @Test
  void anInterruptEndsTheBackupAndLeavesNothing() throws Exception {
    try (ArchivePump pump = pump();
        TestPostgres postgres = server(PostgresRelease.NEWEST, pump)) {
      CountDownLatch started = new CountDownLatch(1);
      Once listener = new Once(started::countDown);
      pump.hold();
      CompletableFuture<Throwable> ended = new CompletableFuture<>();
      Thread backup =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      engine(postgres, Codec.LZ4, 1 << 30).push(BackupRequest.FULL, listener);
                      ended.complete(new AssertionError("it must not end without its WAL"));
                    } catch (Throwable e) {
                      ended.complete(e);
                    }
                  });
      started.await();

      backup.interrupt();

      assertThat(ended.get()).isInstanceOf(PgBackupException.class);
      assertThat(store.list(layout.baseBackups().path())).isEmpty();
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  postgres.value(
                      "select count(*) from pg_stat_activity where application_name = 'pgbackup'"),
              "0"::equals);
    }
  }

  @Test
  void aDirectoryThatBelongsToAnotherServerIsRefused() throws Exception {
    try (ArchivePump pump = pump();
        TestPostgres postgres = server(PostgresRelease.NEWEST, pump);
        TestPostgres other = TestPostgres.create(PostgresRelease.NEWEST, folder.resolve("o"))) {
      EmbeddedBackupEngine engine =
          new EmbeddedBackupEngine(
              store,
              layout,
              new PostgresConfig(
                  postgres.config().host(),
                  postgres.config().port(),
                  "postgres",
                  "postgres",
                  Optional.empty(),
                  ServerTls.OFF,
                  other.dataDirectory()),
              new EmbeddedBackupEngine.Settings(Codec.LZ4, 2, "db-1"),
              Clock.systemUTC());

      assertThatThrownBy(() -> engine.push(BackupRequest.FULL, new Once(() -> {})))
          .isInstanceOfSatisfying(
              PgBackupException.class,
              e -> assertThat(e.problem()).isInstanceOf(Problem.Refused.class))
          .hasMessageContaining(other.dataDirectory().toString());
    }
  }

  private ArchivePump pump() {
    return new ArchivePump(folder.resolve("spool"), wal());
  }

  private EmbeddedWalEngine wal() {
    return new EmbeddedWalEngine(store, layout, Codec.LZ4, Optional.empty());
  }

  private TestPostgres server(PostgresRelease release, ArchivePump pump) {
    return TestPostgres.builder(release)
        .setting("archive_mode", "on")
        .setting("archive_command", pump.archiveCommand())
        .create(folder.resolve("data"))
        .start();
  }

  private EmbeddedBackupEngine engine(TestPostgres postgres, Codec codec, long partSize) {
    return engine(postgres, codec, partSize, PATIENT);
  }

  private EmbeddedBackupEngine engine(
      TestPostgres postgres, Codec codec, long partSize, BackupDeadlines deadlines) {
    return new EmbeddedBackupEngine(
        store,
        layout,
        postgres.configOverSocket(),
        new EmbeddedBackupEngine.Settings(codec, 2, "db-1", partSize, deadlines),
        Clock.systemUTC());
  }

  private static void archiveEverything(TestPostgres postgres) {
    String last =
        postgres.value("select pg_walfile_name(pg_current_wal_insert_lsn()) from pg_switch_wal()");
    assertThat(last).hasSize(24);
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                postgres.value(
                    "select count(*) from pg_ls_archive_statusdir() where name like '%.ready'"),
            "0"::equals);
  }

  private interface Unpacking {
    void into(Path directory) throws Exception;
  }

  private Unpacking fetching(BackupName name) {
    return directory -> {
      FetchedBackup content =
          new EmbeddedBackupFetcher(store, layout, 2)
              .fetch(name, new FetchTarget(directory, file -> {}), bytes -> {});
      assertThat(content.matchesManifest()).isTrue();
    };
  }

  /// Unpacks the backup, lets a real server recover it with the archive's WAL to its end, and reads
  /// the table.
  private String restored(PostgresRelease release, Unpacking unpacking) throws Exception {
    Path directory = Files.createDirectory(folder.resolve("restored"));
    Path fetched = Files.createDirectory(folder.resolve("fetched"));
    unpacking.into(directory);
    await().atMost(PATIENCE).until(() -> spoolIsEmpty());
    for (var object : store.list(layout.wal().path()).toList()) {
      String file = object.key().name().substring(0, object.key().name().lastIndexOf('.'));
      Files.write(fetched.resolve(file), wal().fetch(WalFileName.parse(file)).orElseThrow());
    }
    Files.createFile(directory.resolve("recovery.signal"));
    ServerUser.forNewDirectory().ownTree(directory);
    try (TestPostgres restored =
        TestPostgres.over(
            release,
            directory,
            Map.of("restore_command", "cp " + fetched + "/%f %p", "archive_mode", "off"))) {
      restored.start();
      await()
          .atMost(PATIENCE)
          .until(() -> restored.value("select pg_is_in_recovery()"), "f"::equals);
      return restored.value(CONTENT);
    }
  }

  private boolean spoolIsEmpty() throws IOException {
    try (var files = Files.list(folder.resolve("spool"))) {
      return files.findAny().isEmpty();
    }
  }

  private byte[] read(ObjectKey key) throws IOException {
    try (InputStream in = store.open(key)) {
      return in.readAllBytes();
    }
  }

  private static void flip(Path file, long position) throws IOException {
    try (RandomAccessFile content = new RandomAccessFile(file.toFile(), "rw")) {
      content.seek(position);
      int octet = content.read();
      content.seek(position);
      content.write(octet ^ 1);
    }
  }

  /// Inserts and updates until it is closed.
  private static final class Writer implements AutoCloseable {
    private final Connection connection;
    private final Thread thread;
    private volatile boolean closed;
    private final AtomicLong rounds = new AtomicLong();

    Writer(TestPostgres postgres) throws SQLException {
      connection = postgres.connect();
      thread = Thread.ofPlatform().name("writer").start(this::write);
    }

    private void write() {
      try (Statement statement = connection.createStatement()) {
        while (!closed) {
          statement.execute(
              "insert into words (word) select md5(random()::text) from generate_series(1, 200);"
                  + "update words set word = md5(word) where id % 997 = "
                  + rounds.get() % 997);
          rounds.incrementAndGet();
        }
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
    }

    void awaitMore() {
      long before = rounds.get();
      await().atMost(PATIENCE).until(() -> rounds.get() > before + 5);
    }

    @Override
    public void close() throws SQLException {
      closed = true;
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      connection.close();
    }
  }

  /// Does something once, when the backup has begun.
  private static final class Once extends QuietListener {
    private final Runnable whenStarted;
    private final AtomicReference<BackupName> name = new AtomicReference<>();

    Once(Runnable whenStarted) {
      this.whenStarted = whenStarted;
    }

    BackupName name() {
      return name.get();
    }

    @Override
    public void started(BackupName started) {
      name.set(started);
      whenStarted.run();
    }
  }
}
