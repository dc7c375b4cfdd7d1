package io.pgbackup.lineage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.catalog.RecoveryWindow;
import io.pgbackup.engine.embedded.EmbeddedWalEngine;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Sentinel;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.postgres.jdbc.BackupStart;
import io.pgbackup.postgres.jdbc.BackupStop;
import io.pgbackup.postgres.jdbc.PostgresClient;
import io.pgbackup.postgres.jdbc.ServerFacts;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.EachRelease;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;

/// A real server's WAL through the fence and back out of the catalogue, over a promotion.
class LineageIT {
  private static final WalSegmentSize SIZE = new WalSegmentSize(1 << 20);
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @EachRelease
  void theWindowFollowsTheServerOverAPromotion(
      PostgresRelease release, @TempDir(factory = EnterableTempDir.class) Path folder)
      throws IOException {
    try (TestPostgres postgres =
            TestPostgres.builder(release)
                .initdb("--wal-segsize=1")
                .setting("track_commit_timestamp", "on")
                .setting("wal_keep_size", "1GB")
                .setting("autovacuum", "off")
                .create(folder.resolve("data"));
        ObjectStore store = FileObjectStore.open(Files.createDirectory(folder.resolve("bucket")))) {
      postgres.start();
      ProtectedLineage lineage = resolve(postgres, store);
      EmbeddedWalEngine engine =
          new EmbeddedWalEngine(store, lineage.layout(), Codec.LZ4, Optional.of(SIZE));
      Fence fence =
          new Fence(lineage.claim(), lineage.layout(), store, engine::fetch, beside(postgres));
      Catalog catalog = new Catalog(store);

      // a backup alone offers nothing
      BackupStop backup = backUp(postgres, store, lineage);
      archive(postgres, fence, engine);
      assertThat(read(catalog).windows()).isEmpty();

      // a commit behind it does
      Instant first = commit(postgres, 1);
      archive(postgres, fence, engine);
      assertThat(read(catalog).windows())
          .extracting(RecoveryWindow::start, RecoveryWindow::end)
          .containsExactly(org.assertj.core.groups.Tuple.tuple(backup.at(), first));

      // after the promotion nothing is admitted before the history
      promote(postgres);
      Instant second = commit(postgres, 2);
      assertThatThrownBy(() -> archive(postgres, fence, engine))
          .hasMessageContaining("the archive has no 00000002.history yet");
      push(postgres, WalFileName.parse("00000002.history"), fence, engine);
      archive(postgres, fence, engine);
      LineageCatalog after = read(catalog);
      assertThat(after.path().timeline()).isEqualTo(new Timeline(2));
      assertThat(after.gaps()).isEmpty();
      assertThat(after.windows())
          .extracting(RecoveryWindow::start, RecoveryWindow::end)
          .containsExactly(org.assertj.core.groups.Tuple.tuple(backup.at(), second));

      // and a lost identity is found again
      Files.delete(IdentityFile.beside(postgres.dataDirectory()).path());
      assertThat(resolve(postgres, store)).isEqualTo(lineage);
    }
  }

  private static ProtectedLineage resolve(TestPostgres postgres, ObjectStore store)
      throws IOException {
    ServerFacts facts;
    try (PostgresClient client = PostgresClient.connect(postgres.config())) {
      facts = client.facts();
    }
    Path history =
        postgres.dataDirectory().resolve("pg_wal/" + facts.timeline().toHex() + ".history");
    ServerState state =
        new ServerState(
            facts.systemIdentifier(),
            facts.version(),
            facts.segmentSize(),
            Files.exists(history)
                ? TimelineHistory.parse(facts.timeline(), Files.readString(history))
                : TimelineHistory.root(facts.timeline()),
            facts.inRecovery());
    return new LineageResolver(
            new ClusterId("shop", "orders"),
            Optional.empty(),
            PrefixTemplate.DEFAULT,
            store,
            Clock.systemUTC())
        .resolve(state, IdentityFile.beside(postgres.dataDirectory()));
  }

  private static BackupStop backUp(
      TestPostgres postgres, ObjectStore store, ProtectedLineage lineage) {
    try (PostgresClient client = PostgresClient.connect(postgres.config())) {
      BackupStart start = client.startBackup("test", PATIENCE);
      BackupStop stop = client.stopBackup(PATIENCE);
      BackupName name = BackupName.full(WalSegment.containing(Timeline.FIRST, start.lsn(), SIZE));
      Sentinel sentinel =
          new Sentinel(
              Optional.of(start.lsn()),
              Optional.empty(),
              Optional.of(client.facts().version()),
              Optional.of(stop.lsn()),
              Optional.of(lineage.identity().systemIdentifier()),
              1,
              1,
              1,
              Optional.empty(),
              Optional.empty(),
              false,
              Optional.of(start.at()),
              Optional.of(stop.at()),
              "host",
              "/data",
              false,
              Optional.empty(),
              Optional.empty());
      store.create(lineage.layout().sentinel(name), sentinel.toJson(), Map.of());
      return stop;
    }
  }

  /// @return the last commit's time, its segment being finished
  private static Instant commit(TestPostgres postgres, int round) {
    postgres.sql("create table t%d as select generate_series(1, 20000) id".formatted(round));
    for (int i = 0; i < 20; i++) {
      postgres.sql("insert into t%d values (%d)".formatted(round, i));
    }
    String time =
        postgres.value(
            "select to_char(timestamp at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
                + " from pg_last_committed_xact()");
    postgres.sql("select pg_switch_wal()");
    return DateTimeFormatter.ISO_INSTANT.parse(time, Instant::from);
  }

  private static void promote(TestPostgres postgres) throws IOException {
    postgres.stop();
    Files.createFile(postgres.dataDirectory().resolve("standby.signal"));
    postgres.start();
    assertThat(postgres.value("select pg_promote()")).isEqualTo("t");
  }

  /// Pushes what is finished on the current timeline, as the server's archiver would.
  private static void archive(TestPostgres postgres, Fence fence, EmbeddedWalEngine engine)
      throws IOException {
    Lsn written = Lsn.parse(postgres.value("select pg_current_wal_lsn()"));
    Timeline timeline =
        Timeline.parseHex(postgres.value("select left(pg_walfile_name(pg_current_wal_lsn()), 8)"));
    List<WalSegment> finished;
    try (Stream<Path> files = Files.list(postgres.dataDirectory().resolve("pg_wal"))) {
      finished =
          files
              .flatMap(file -> WalSegment.tryParse(file.getFileName().toString(), SIZE).stream())
              .filter(segment -> segment.timeline().equals(timeline))
              .filter(segment -> segment.end().compareTo(written) <= 0)
              .sorted()
              .toList();
    }
    for (WalSegment segment : finished) {
      push(postgres, WalFileName.parse(segment.fileName()), fence, engine);
    }
  }

  private static void push(
      TestPostgres postgres, WalFileName name, Fence fence, EmbeddedWalEngine engine)
      throws IOException {
    byte[] content =
        Files.readAllBytes(postgres.dataDirectory().resolve("pg_wal").resolve(name.text()));
    Optional<LineageUid> sender =
        IdentityFile.beside(postgres.dataDirectory()).read().map(Identity::uid);
    fence.admit(name, content, sender);
    engine.push(name, content);
  }

  private static OwnServer beside(TestPostgres postgres) {
    return new OwnServer() {
      @Override
      public Answer holds(WalFileName name, byte[] content) {
        Path file = postgres.dataDirectory().resolve("pg_wal").resolve(name.text());
        try {
          return Arrays.equals(Files.readAllBytes(file), content) ? Answer.SAME : Answer.OTHER;
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }

      @Override
      public Timeline timeline() {
        throw new AssertionError("the file was there to be compared");
      }
    };
  }

  private static LineageCatalog read(Catalog catalog) {
    return catalog.read(catalog.lineages(PrefixTemplate.DEFAULT).getFirst());
  }
}
