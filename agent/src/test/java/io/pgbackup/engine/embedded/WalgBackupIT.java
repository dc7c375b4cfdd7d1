package io.pgbackup.engine.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.BackupDeadlines;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.FetchTarget;
import io.pgbackup.engine.FetchedBackup;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.ArchivePump;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.QuietListener;
import io.pgbackup.testing.TestKeys;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Base backups that we take are restored by stock wal-g, and those that it takes by us.
class WalgBackupIT {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final ArchiveLayout LAYOUT = new ArchiveLayout(StoreFolder.of("c1/uid/18"));
  private static final String CONTENT =
      "select count(*) || ' ' || md5(string_agg(id || ':' || word, ',' order by id)) from words";

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private Path prefix;
  private FileObjectStore store;
  private ObjectCipher cipher = ObjectCipher.NONE;
  private StockWalg walg;

  @BeforeEach
  void archive() throws IOException {
    Path root = Files.createDirectory(folder.resolve("store"));
    prefix = Files.createDirectories(root.resolve("c1/uid/18"));
    walg = StockWalg.over(prefix);
    store = FileObjectStore.open(root);
  }

  @AfterEach
  void close() {
    if (store != null) {
      store.close();
    }
  }

  @ParameterizedTest
  @CsvSource({"OLDER, LZ4, PLAIN", "OLDER, BROTLI, LIBSODIUM", "NEWEST, ZSTD, OPENPGP_CURVE"})
  void walgRestoresWhatWeTake(PostgresRelease release, Codec codec, Sealing sealing)
      throws Exception {
    sealWith(sealing);
    String expected;
    TakenBackup backup;
    Path restored = folder.resolve("restored");
    try (ArchivePump pump = pump();
        TestPostgres postgres = server(release, pump)) {
      postgres.sql(
          "create table words (id bigserial primary key, word text);"
              + "insert into words (word) select md5(i::text) from generate_series(1, 20000) i");
      backup = engine(postgres, codec).push(BackupRequest.FULL, new QuietListener());
      postgres.sql("insert into words (word) values ('after the backup')");
      expected = postgres.value(CONTENT);
      archiveEverything(postgres);

      assertListed(backup, walg.run("backup-list", "--detail", "--json").succeeded().output());
      assertThat(verification(postgres).path("integrity").path("status").asText())
          .as("wal-g finds no gap")
          .isEqualTo("OK");
      walg.run("backup-fetch", restored.toString(), "LATEST").succeeded();
      postgres.user().ownTree(restored);
      postgres.user().ownTree(prefix);
      postgres.user().ownTree(folder.resolve("keys"));
    }

    assertThat(recovered(release, restored, walg.walFetchCommand())).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"OLDER, ZSTD, OPENPGP_RSA", "NEWEST, BROTLI, LIBSODIUM", "NEWEST, LZ4, PLAIN"})
  void weRestoreWhatWalgTakes(PostgresRelease release, Codec codec, Sealing sealing)
      throws Exception {
    sealWith(sealing);
    String expected;
    Path restored = folder.resolve("restored");
    Path wal = Files.createDirectory(folder.resolve("wal"));
    try (ArchivePump pump = pump();
        TestPostgres postgres = server(release, pump)) {
      postgres.sql(
          "create table words (id bigserial primary key, word text);"
              + "insert into words (word) select md5(i::text) from generate_series(1, 20000) i");
      connecting(postgres)
          .writing(codec)
          .with("WALG_TAR_SIZE_THRESHOLD", Integer.toString(3 << 20))
          .run("backup-push", postgres.dataDirectory().toString())
          .succeeded();
      postgres.sql("insert into words (word) values ('after the backup')");
      expected = postgres.value(CONTENT);
      archiveEverything(postgres);

      BackupName name = onlyBackup();
      FetchedBackup fetched =
          new EmbeddedBackupFetcher(store, LAYOUT, cipher, 2)
              .fetch(name, new FetchTarget(restored, postgres.user()::own), _ -> {});
      assertThat(fetched.matchesManifest()).as("wal-g writes none").isFalse();
      assertThat(fetched.leftOut()).isEmpty();
      assertThat(fetched.missing()).isEmpty();
      fetchWal(wal);
    }

    assertThat(recovered(release, restored, "cp '" + wal + "/%f' \"%p\"")).isEqualTo(expected);
  }

  private void sealWith(Sealing sealing) throws IOException {
    TestKeys keys = new TestKeys(Files.createDirectory(folder.resolve("keys")));
    cipher = sealing.cipher(keys);
    sealing.walg(keys).forEach(walg::with);
  }

  private static void assertListed(TakenBackup backup, String json) throws IOException {
    JsonNode list = new ObjectMapper().readTree(json);
    assertThat(list).hasSize(1);
    JsonNode item = list.get(0);
    assertThat(item.path("backup_name").asText()).isEqualTo(backup.name().value());
    assertThat(item.path("start_lsn").asLong()).isEqualTo(backup.startLsn().value());
    assertThat(item.path("finish_lsn").asLong()).isEqualTo(backup.finishLsn().value());
    assertThat(Instant.parse(item.path("start_time").asText())).isEqualTo(backup.startTime());
    assertThat(Instant.parse(item.path("finish_time").asText())).isEqualTo(backup.finishTime());
    assertThat(item.path("hostname").asText()).isEqualTo("db-1");
    assertThat(item.path("is_permanent").asBoolean()).isFalse();
    assertThat(item.path("uncompressed_size").asLong()).isEqualTo(backup.uncompressedSize());
  }

  private JsonNode verification(TestPostgres postgres) throws Exception {
    return new ObjectMapper()
        .readTree(
            connecting(postgres).run("wal-verify", "integrity", "--json").succeeded().output());
  }

  private StockWalg connecting(TestPostgres postgres) {
    return walg.with("PGHOST", "127.0.0.1")
        .with("PGPORT", Integer.toString(postgres.port()))
        .with("PGUSER", "postgres")
        .with("PGDATABASE", "postgres")
        .with("PGDATA", postgres.dataDirectory().toString());
  }

  private ArchivePump pump() {
    return new ArchivePump(folder.resolve("spool"), wal());
  }

  private EmbeddedWalEngine wal() {
    return new EmbeddedWalEngine(store, LAYOUT, new Packing(Codec.LZ4, cipher), Optional.empty());
  }

  private TestPostgres server(PostgresRelease release, ArchivePump pump) {
    return TestPostgres.builder(release)
        .setting("archive_mode", "on")
        .setting("archive_command", pump.archiveCommand())
        .create(folder.resolve("data"))
        .start();
  }

  private EmbeddedBackupEngine engine(TestPostgres postgres, Codec codec) {
    return new EmbeddedBackupEngine(
        store,
        LAYOUT,
        postgres.configOverSocket(),
        new EmbeddedBackupEngine.Settings(
            new Packing(codec, cipher),
            2,
            "db-1",
            3 << 20,
            new BackupDeadlines(PATIENCE, PATIENCE, PATIENCE)),
        Clock.systemUTC());
  }

  private void archiveEverything(TestPostgres postgres) {
    String last = postgres.value("select pg_walfile_name(pg_switch_wal())");
    await().atMost(PATIENCE).until(() -> wal().fetch(WalFileName.parse(last)).isPresent());
  }

  private BackupName onlyBackup() {
    try (var listing = store.list(LAYOUT.baseBackups().path())) {
      return listing
          .map(object -> object.key().name())
          .filter(name -> name.endsWith(ArchiveLayout.SENTINEL_SUFFIX))
          .map(name -> new BackupName(name.replace(ArchiveLayout.SENTINEL_SUFFIX, "")))
          .findFirst()
          .orElseThrow();
    }
  }

  private void fetchWal(Path directory) throws IOException {
    try (var listing = store.list(LAYOUT.wal().path())) {
      for (var object : listing.toList()) {
        String name = object.key().name().replaceFirst("\\.lz4$", "");
        Files.write(directory.resolve(name), wal().fetch(WalFileName.parse(name)).orElseThrow());
      }
    }
  }

  /// Lets a real server recover to the end of WAL, and reads the table.
  private static String recovered(PostgresRelease release, Path directory, String restoreCommand)
      throws IOException {
    Files.createFile(directory.resolve("recovery.signal"));
    try (TestPostgres restored =
        TestPostgres.over(
            release, directory, Map.of("restore_command", restoreCommand, "archive_mode", "off"))) {
      restored.user().own(directory.resolve("recovery.signal"));
      restored.start();
      await()
          .atMost(PATIENCE)
          .until(() -> restored.value("select pg_is_in_recovery()"), "f"::equals);
      return restored.value(CONTENT);
    }
  }
}
