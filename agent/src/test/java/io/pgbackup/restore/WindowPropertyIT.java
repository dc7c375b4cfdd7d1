package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.catalog.RecoveryWindow;
import io.pgbackup.engine.BackupDeadlines;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.embedded.EmbeddedBackupEngine;
import io.pgbackup.engine.embedded.EmbeddedWalEngine;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.ArchivePump;
import io.pgbackup.testing.EachRelease;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.QuietListener;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.io.TempDir;

/// The promise of a recovery window, over a random history: what it offers restores, to exactly the
/// rows committed until then; the first instant it refuses does not.
class WindowPropertyIT {
  private static final int COMMITS = 40;
  private static final int RESTORES = 3;
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final ClusterId CLUSTER = new ClusterId("default", "orders");

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private final ArchiveLayout layout = new ArchiveLayout(StoreFolder.of("orders/uid"));

  @EachRelease
  void everyOfferedInstantRestoresAndTheFirstRefusedOneDoesNot(PostgresRelease release)
      throws IOException {
    long seed = Long.getLong("pgbackup.seed", System.nanoTime());
    Random random = new Random(seed);
    try (ObjectStore store = FileObjectStore.open(Files.createDirectory(folder.resolve("store")))) {
      SortedMap<Instant, Long> history = randomHistory(release, store, random);

      LineageCatalog catalog = new Catalog(store).read(lineage());

      assertThat(catalog.windows()).as("seed %d", seed).hasSize(1);
      RecoveryWindow window = catalog.windows().getFirst();
      assertThat(history.lastKey()).as("commits that were not archived").isAfter(window.end());
      for (Instant instant : someOf(offered(window, history), random)) {
        assertThat(restored(store, release, plan(catalog, instant)))
            .as("seed %d, restored to %s of %s", seed, instant, window)
            .isEqualTo(List.copyOf(history.headMap(instant.plusNanos(1000)).values()));
      }
      assertThatThrownBy(() -> plan(catalog, window.start().minus(1, ChronoUnit.MICROS)))
          .isInstanceOf(PgBackupException.class);
      assertThatThrownBy(() -> plan(catalog, window.end())).isInstanceOf(PgBackupException.class);
      RestorePlan beyond = against(plan(catalog, before(window.end())), window.end());
      assertThatThrownBy(() -> restored(store, release, beyond))
          .as("seed %d: PostgreSQL itself meets no commit after %s", seed, window.end())
          .isInstanceOf(PgBackupException.class);
    }
  }

  /// Rows by the time of their commit, as PostgreSQL itself remembers it.
  private SortedMap<Instant, Long> randomHistory(
      PostgresRelease release, ObjectStore store, Random random) {
    EmbeddedWalEngine wal = new EmbeddedWalEngine(store, layout, Codec.LZ4, Optional.empty());
    try (ArchivePump pump = new ArchivePump(folder.resolve("spool"), wal);
        TestPostgres postgres =
            TestPostgres.builder(release)
                .setting("archive_mode", "on")
                .setting("archive_command", pump.archiveCommand())
                .setting("track_commit_timestamp", "on")
                .create(folder.resolve("source"))
                .start()) {
      postgres.sql("create table account (id bigint)");
      TreeSet<Integer> backups = new TreeSet<>(List.of(random.nextInt(8), 8 + random.nextInt(20)));
      for (int commit = 0; commit < COMMITS; commit++) {
        if (backups.contains(commit)) {
          engine(store, postgres).push(BackupRequest.FULL, new QuietListener());
        }
        switch (random.nextInt(5)) {
          case 0 -> postgres.sql("select pg_switch_wal()");
          case 1 -> postgres.sql("begin; insert into account values (-1); rollback");
          default -> {}
        }
        postgres.sql("insert into account values (%d)".formatted(commit));
      }
      archive(postgres, wal);
      postgres.sql("insert into account values (%d)".formatted(COMMITS));
      SortedMap<Instant, Long> rows = new TreeMap<>();
      postgres
          .sql(
              "select to_char(pg_xact_commit_timestamp(xmin) at time zone 'UTC',"
                  + " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), id from account order by 1")
          .forEach(
              row -> {
                String[] fields = row.split("\\|");
                rows.put(Instant.parse(fields[0]), Long.valueOf(fields[1]));
              });
      return rows;
    }
  }

  private static void archive(TestPostgres postgres, EmbeddedWalEngine wal) {
    WalFileName segment =
        WalFileName.parse(postgres.value("select pg_walfile_name(pg_current_wal_lsn() - 1)"));
    postgres.sql("select pg_switch_wal()");
    await().atMost(PATIENCE).until(() -> wal.fetch(segment).isPresent());
  }

  private EmbeddedBackupEngine engine(ObjectStore store, TestPostgres postgres) {
    return new EmbeddedBackupEngine(
        store,
        layout,
        postgres.config(),
        new EmbeddedBackupEngine.Settings(
            Codec.LZ4, 2, "db-1", 1L << 30, new BackupDeadlines(PATIENCE, PATIENCE, PATIENCE)),
        Clock.systemUTC());
  }

  private Lineage lineage() {
    return new Lineage(CLUSTER, new LineageUid("uid"), layout.prefix(), Optional.empty());
  }

  /// The instants at which the answer changes, and those just before them.
  private static List<Instant> offered(RecoveryWindow window, SortedMap<Instant, Long> history) {
    TreeSet<Instant> instants = new TreeSet<>(List.of(window.start(), before(window.end())));
    for (Instant commit : history.keySet()) {
      instants.add(commit);
      instants.add(before(commit));
    }
    return instants.stream().filter(window::contains).toList();
  }

  private static Instant before(Instant instant) {
    return instant.minus(1, ChronoUnit.MICROS);
  }

  /// The first, the last, and a few between.
  private static List<Instant> someOf(List<Instant> instants, Random random) {
    List<Instant> between = new ArrayList<>(instants.subList(1, instants.size() - 1));
    Collections.shuffle(between, random);
    TreeSet<Instant> chosen = new TreeSet<>(between.subList(0, Math.min(RESTORES, between.size())));
    chosen.add(instants.getFirst());
    chosen.add(instants.getLast());
    return List.copyOf(chosen);
  }

  private static RestorePlan plan(LineageCatalog catalog, Instant instant) {
    return new RestorePlanner(ZoneOffset.UTC)
        .plan(CLUSTER, List.of(catalog), Optional.empty(), new RecoveryTarget.AtTime(instant));
  }

  private static RestorePlan against(RestorePlan plan, Instant instant) {
    return new RestorePlan(
        plan.lineage(),
        new RecoveryTarget.AtTime(instant),
        plan.chain(),
        plan.path(),
        plan.segmentSize(),
        plan.wal());
  }

  private List<Long> restored(ObjectStore store, PostgresRelease release, RestorePlan plan) {
    Path data = folder.resolve("restored-" + System.nanoTime());
    new RestoreBench(store, release)
        .runner()
        .run(
            plan,
            new RestoreDestination.NewDirectory(data, Optional.empty()),
            RestoreListener.SILENT);
    try (TestPostgres postgres = TestPostgres.over(release, data, Map.of()).start()) {
      return postgres.sql("select id from account order by pg_xact_commit_timestamp(xmin)").stream()
          .map(Long::valueOf)
          .toList();
    }
  }
}
