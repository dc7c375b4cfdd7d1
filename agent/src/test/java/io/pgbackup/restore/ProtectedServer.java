package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.WalEngine;
import io.pgbackup.engine.embedded.EmbeddedBackupEngine;
import io.pgbackup.engine.embedded.EmbeddedWalEngine;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.lineage.Claim;
import io.pgbackup.lineage.Claims;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.Identity;
import io.pgbackup.lineage.IdentityFile;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.QuietListener;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A server with an archive, and a thread that stands for the agent: PostgreSQL's archive command
/// puts finished WAL into a folder named after the UID beside its data, from where it goes into
/// that lineage.
public final class ProtectedServer implements AutoCloseable {
  public static final ClusterId CLUSTER = new ClusterId("default", "orders");
  private static final Logger LOG = LoggerFactory.getLogger(ProtectedServer.class);

  public final TestPostgres postgres;
  private final WalSegmentSize segment;
  private final PostgresRelease release;
  private final ObjectStore store;
  private final Path folder;
  private final Path outbox;
  private final Thread pump;
  private volatile boolean closed;

  /// With the smallest WAL segments, of which the most are made.
  public ProtectedServer(PostgresRelease release, ObjectStore store, Path folder) {
    this(release, store, folder, 1);
  }

  public ProtectedServer(
      PostgresRelease release, ObjectStore store, Path folder, int segmentMebibytes) {
    this.release = release;
    this.segment = new WalSegmentSize(segmentMebibytes << 20);
    this.store = store;
    this.folder = folder;
    this.outbox = folder.resolve("outbox");
    this.postgres =
        TestPostgres.builder(release)
            .initdb("--wal-segsize=" + segmentMebibytes)
            .setting("archive_mode", "on")
            .setting("track_commit_timestamp", "on")
            .setting(
                "archive_command",
                """
                uid=$(sed 's/"parent".*//;s/.*"uid":"\\([^"]*\\)".*/\\1/' ../data.pgbackup.json) && \
                mkdir -p -m 777 %1$s/$uid && cp %%p %1$s/$uid/%%f.part && \
                mv %1$s/$uid/%%f.part %1$s/$uid/%%f"""
                    .formatted(outbox))
            .create(folder.resolve("data"));
    makeOutbox();
    this.pump = Thread.ofPlatform().name("pump").start(this::pump);
    postgres.start();
    adopt();
  }

  private void makeOutbox() {
    try {
      Files.createDirectory(outbox);
      Files.setPosixFilePermissions(outbox, PosixFilePermissions.fromString("rwxrwxrwx"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void adopt() {
    SystemIdentifier system =
        SystemIdentifier.parse(postgres.value("select system_identifier from pg_control_system()"));
    Identity identity = new Identity(CLUSTER, LineageUid.random(), system, Optional.empty());
    new Claims(store)
        .create(
            layout(identity.uid()).prefix(),
            new Claim(
                CLUSTER,
                identity.uid(),
                system,
                postgres.installation().version(),
                segment,
                Optional.empty(),
                Instant.now()));
    IdentityFile.beside(postgres.dataDirectory()).write(identity);
  }

  Identity identity() {
    return IdentityFile.beside(postgres.dataDirectory()).read().orElseThrow();
  }

  public LineageUid uid() {
    return identity().uid();
  }

  public ArchiveLayout layout(LineageUid uid) {
    return new ArchiveLayout(
        PrefixTemplate.DEFAULT.expand(CLUSTER, uid, postgres.installation().version().major()));
  }

  private WalEngine wal(LineageUid uid) {
    return new EmbeddedWalEngine(store, layout(uid), Codec.LZ4, Optional.of(segment));
  }

  public TakenBackup backUp() {
    return new EmbeddedBackupEngine(
            store,
            layout(uid()),
            postgres.config(),
            new EmbeddedBackupEngine.Settings(Codec.LZ4, 2, "test"),
            Clock.systemUTC())
        .push(BackupRequest.FULL, new QuietListener());
  }

  /// Commits something and waits until it stands in the archive.
  public void archiveEverything() {
    archiveEverything(Duration.ofMinutes(1));
  }

  void archiveEverything(Duration patience) {
    archiveEverything(postgres, patience);
  }

  /// The same of a standby that was promoted in its place.
  void archiveEverything(TestPostgres server, Duration patience) {
    server.sql("create table if not exists switched (); drop table switched");
    WalFileName last =
        WalFileName.parse(server.value("select pg_walfile_name(pg_switch_wal() - 1)"));
    WalEngine engine = wal(uid());
    await().atMost(patience).untilAsserted(() -> assertThat(engine.fetch(last)).isPresent());
  }

  /// By the server's clock, with everything committed before it and nothing after.
  public Instant now() {
    return now(postgres);
  }

  static Instant now(TestPostgres server) {
    String text =
        "to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";
    return Instant.parse(server.value("select " + text));
  }

  public static List<LineageCatalog> catalogs(ObjectStore store) {
    Catalog catalog = new Catalog(store);
    return catalog.lineages(PrefixTemplate.DEFAULT).stream()
        .filter(lineage -> lineage.cluster().equals(CLUSTER))
        .map(catalog::read)
        .toList();
  }

  public LineageCatalog catalog(LineageUid uid) {
    return catalogs(store).stream()
        .filter(each -> each.lineage().uid().equals(uid))
        .findFirst()
        .orElseThrow();
  }

  static RestorePlan plan(ObjectStore store, LineageUid uid, RecoveryTarget target) {
    return new RestorePlanner(ZoneOffset.UTC)
        .plan(CLUSTER, catalogs(store), Optional.of(uid), target);
  }

  public RestorePlan plan(LineageUid uid, RecoveryTarget target) {
    return plan(store, uid, target);
  }

  RestorePlan plan(LineageUid uid, Instant instant) {
    return plan(uid, new RecoveryTarget.AtTime(instant));
  }

  public RestoreBench bench() {
    return new RestoreBench(store, release);
  }

  /// A copy of the server, which is stopped for it; its tablespaces lie elsewhere. It streams.
  /// Promoted it archives into the same lineage, since it lies beside the same identity.
  ///
  /// @param settings override what it copies
  TestPostgres standby(Map<String, String> settings) throws IOException, InterruptedException {
    postgres.stop();
    Path data = folder.resolve("standby");
    copy(postgres.dataDirectory(), data);
    for (Path link : list(data.resolve("pg_tblspc"))) {
      Path own = folder.resolve("standby." + link.getFileName());
      copy(Files.readSymbolicLink(link), own);
      Files.delete(link);
      Files.createSymbolicLink(link, own);
    }
    postgres.start();
    postgres.user().own(Files.createFile(data.resolve("standby.signal")));
    IdentityFile.beside(data).write(identity());
    Map<String, String> all = new HashMap<>(settings);
    all.put("primary_conninfo", "host=127.0.0.1 port=%d user=postgres".formatted(postgres.port()));
    TestPostgres standby = TestPostgres.over(release, data, all);
    standby.start();
    await()
        .atMost(Duration.ofMinutes(2))
        .until(() -> standby.value("select count(*) from pg_stat_wal_receiver"), "1"::equals);
    return standby;
  }

  private static void copy(Path from, Path to) throws IOException, InterruptedException {
    var copy = new ProcessBuilder("cp", "-a", from.toString(), to.toString()).inheritIO().start();
    assertThat(copy.waitFor()).isZero();
  }

  private void pump() {
    while (!closed) {
      try {
        for (Path folder : list(outbox)) {
          WalEngine engine = wal(new LineageUid(folder.getFileName().toString()));
          list(folder).forEach(file -> push(engine, file));
        }
      } catch (RuntimeException e) {
        LOG.atWarn().setCause(e).log("not archived, trying again");
      }
      try {
        Thread.sleep(20);
      } catch (InterruptedException _) {
        return;
      }
    }
  }

  private static void push(WalEngine engine, Path file) {
    WalFileName.tryParse(file.getFileName().toString())
        .ifPresent(
            name -> {
              try {
                engine.push(name, Files.readAllBytes(file));
                Files.delete(file);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
  }

  private static List<Path> list(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    postgres.close();
    closed = true;
    try {
      pump.join();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
