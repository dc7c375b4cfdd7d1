package io.pgbackup.engine.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.BackupDeadlines;
import io.pgbackup.engine.BackupListener;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.FetchTarget;
import io.pgbackup.engine.FetchedBackup;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.Throttle;
import io.pgbackup.engine.embedded.EmbeddedBackupEngine.DeltaRules;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Manifest;
import io.pgbackup.engine.format.ManifestFile;
import io.pgbackup.engine.format.ManifestReader;
import io.pgbackup.engine.format.Sentinel;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.ArchivePump;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.QuietListener;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/// A server, an archive of it in a directory, and restores of single backups to the moment that
/// they ended: what comes later in WAL would hide a wrong page.
final class DeltaLab implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofMinutes(2);
  static final ArchiveLayout LAYOUT = new ArchiveLayout(StoreFolder.of("c1/uid/18"));

  private final Path folder;
  private final PostgresRelease release;
  private final FileObjectStore store;
  private final ArchivePump pump;
  private final TestPostgres postgres;
  private int restores;

  /// @param folder enterable by the server's user
  DeltaLab(Path folder, PostgresRelease release, Map<String, String> settings, String... initdb)
      throws IOException {
    this.folder = folder;
    this.release = release;
    Files.createDirectories(prefix());
    store = FileObjectStore.open(folder.resolve("store"));
    pump = new ArchivePump(folder.resolve("spool"), wal());
    TestPostgres.Builder builder =
        TestPostgres.builder(release)
            .setting("archive_mode", "on")
            .setting("archive_command", pump.archiveCommand());
    settings.forEach(builder::setting);
    for (String option : initdb) {
      builder.initdb(option);
    }
    postgres = builder.create(folder.resolve("data"));
  }

  /// The archive as a directory.
  Path prefix() {
    return folder.resolve("store/c1/uid/18");
  }

  TestPostgres postgres() {
    return postgres;
  }

  FileObjectStore store() {
    return store;
  }

  TakenBackup push(BackupRequest request) {
    return push(request, new DeltaRules(0, DeltaRules.Origin.LATEST));
  }

  TakenBackup push(BackupRequest request, DeltaRules rules) {
    return push(request, settings(2, 4 << 20).with(rules, Optional.empty()), new QuietListener());
  }

  static EmbeddedBackupEngine.Settings settings(int threads, long partSize) {
    return new EmbeddedBackupEngine.Settings(
        Codec.ZSTD, threads, "db-1", partSize, new BackupDeadlines(PATIENCE, PATIENCE, PATIENCE));
  }

  TakenBackup push(
      BackupRequest request, EmbeddedBackupEngine.Settings settings, BackupListener listener) {
    return new EmbeddedBackupEngine(
            store, LAYOUT, postgres.configOverSocket(), settings, Clock.systemUTC())
        .push(request, listener);
  }

  private EmbeddedWalEngine wal() {
    return new EmbeddedWalEngine(store, LAYOUT, Codec.LZ4, Optional.empty());
  }

  Sentinel sentinel(BackupName name) throws IOException {
    return Sentinel.read(read(LAYOUT.sentinel(name)), name.value());
  }

  byte[] read(ObjectKey key) throws IOException {
    try (InputStream in = store.open(key)) {
      return in.readAllBytes();
    }
  }

  /// What the manifest of a backup says of each file.
  Map<String, ManifestFile> manifest(BackupName name) throws IOException {
    Map<String, ManifestFile> files = new HashMap<>();
    try (InputStream stored = store.open(LAYOUT.manifest(name))) {
      Manifest manifest =
          ManifestReader.read(
              stored,
              ObjectCipher.NONE,
              name.value(),
              Optional::empty,
              file -> files.put(file.path(), file));
      assertThat(manifest.backup()).isEqualTo(name);
    }
    return files;
  }

  /// Every ordinary table of the database with its number of rows and their digest.
  Map<String, String> tables() {
    return tables(postgres);
  }

  private static Map<String, String> tables(TestPostgres server) {
    Map<String, String> tables = new TreeMap<>();
    for (String table :
        server.sql(
            "select oid::regclass from pg_class where relkind = 'r' and relpersistence = 'p'"
                + " and relnamespace = 'public'::regnamespace")) {
      tables.put(
          table,
          server.value(
              "select count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)"
                  + " from only "
                  + table
                  + " t"));
    }
    return tables;
  }

  interface Unpacking {
    void into(Path directory) throws Exception;
  }

  /// As we restore.
  Unpacking ours(BackupName name) {
    return directory -> {
      FetchedBackup fetched =
          new EmbeddedBackupFetcher(store, LAYOUT, 2)
              .fetch(name, new FetchTarget(directory, file -> {}), bytes -> {});
      assertThat(fetched.matchesManifest()).isTrue();
    };
  }

  /// As we restore, where not all backups of the chain have a manifest.
  Unpacking unchecked(BackupName name) {
    return directory -> {
      var _ =
          new EmbeddedBackupFetcher(store, LAYOUT, 2)
              .fetch(name, new FetchTarget(directory, file -> {}), bytes -> {});
    };
  }

  /// As wal-g restores by itself.
  Unpacking walg(BackupName name, String... options) {
    return directory -> {
      List<String> command = new ArrayList<>(List.of("backup-fetch", directory.toString()));
      command.add(name.value());
      command.addAll(List.of(options));
      StockWalg.Result result =
          StockWalg.over(prefix()).run(command.toArray(String[]::new)).succeeded();
      assertThat(result.errors()).doesNotContain("WARNING").doesNotContain("ERROR");
    };
  }

  static final String[] NEWEST_FIRST = {"--reverse-unpack", "--skip-redundant-tars"};

  /// Unpacks a backup, lets a server recover it to the moment it was complete, checks every page's
  /// sum and every table and index, and says what is in the tables.
  Map<String, String> restored(Unpacking unpacking) throws Exception {
    Path directory = folder.resolve("restored-" + ++restores);
    Files.createDirectory(directory);
    unpacking.into(directory);
    Path wal = fetchWal();
    Files.createFile(directory.resolve("recovery.signal"));
    ServerUser.forNewDirectory().ownTree(directory);
    try (TestPostgres server =
        TestPostgres.over(
            release,
            directory,
            Map.of(
                "restore_command",
                "cp '" + wal + "/%f' \"%p\"",
                "recovery_target",
                "immediate",
                "recovery_target_action",
                "promote",
                "archive_mode",
                "off"))) {
      server.start();
      await().atMost(PATIENCE).until(() -> server.value("select pg_is_in_recovery()"), "f"::equals);
      check(server);
      Map<String, String> tables = tables(server);
      server.stop();
      assertThat(damagedPages(directory)).isEmpty();
      return tables;
    }
  }

  /// What pg_amcheck does.
  private static void check(TestPostgres server) {
    server.sql("create extension if not exists amcheck");
    server.sql(
        "select bt_index_check(c.oid, i.indisunique and c.relnamespace >= 16384)"
            + " from pg_index i join pg_class c on c.oid = i.indexrelid"
            + " where c.relam = 403 and c.relpersistence = 'p' and i.indisready and i.indisvalid");
    assertThat(
            server.sql(
                "select c.oid::regclass, v.blkno, v.msg from pg_class c,"
                    + " lateral verify_heapam(c.oid) v"
                    + " where c.relkind in ('r', 't') and c.relpersistence = 'p'"))
        .isEmpty();
  }

  /// What pg_checksums does.
  private static List<String> damagedPages(Path directory) throws IOException {
    List<String> damaged = new ArrayList<>();
    PageCheck check = new PageCheck(8192, 131072, new Lsn(-1));
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String folder = directory.relativize(file.getParent()).toString();
        Optional<RelationFile> relation =
            BackupContent.holdsRelations(folder)
                ? RelationFile.parse(file.getFileName().toString())
                : Optional.empty();
        if (relation.isPresent()) {
          try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            SourceFile source = new SourceFile(folder, file, FileFacts.of(file), relation);
            byte[] pages = new byte[256 << 10];
            for (long at = 0; at < channel.size(); at += pages.length) {
              int read =
                  new SourceReading(Throttle.NONE).fill(source, channel, pages, pages.length);
              check
                  .corruptPages(relation.get(), channel, pages, read, at)
                  .forEach(page -> damaged.add(file + " page " + page));
            }
          }
        }
      }
    }
    return damaged;
  }

  /// All WAL that the archive has, as plain files.
  private Path fetchWal() throws IOException {
    Path directory = folder.resolve("wal-" + restores);
    Files.createDirectory(directory);
    for (var object : store.list(LAYOUT.wal().path()).toList()) {
      String name = object.key().name().replaceFirst("\\.lz4$", "");
      Files.write(directory.resolve(name), wal().fetch(WalFileName.parse(name)).orElseThrow());
    }
    return directory;
  }

  @Override
  public void close() {
    postgres.close();
    pump.close();
    store.close();
  }
}
