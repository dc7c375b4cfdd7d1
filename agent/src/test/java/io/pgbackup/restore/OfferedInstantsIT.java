package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.catalog.RecoveryWindow;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every instant that a window offers restores to exactly what was committed by then, and the first
/// one that it does not offer cannot be restored: tried on a random history.
class OfferedInstantsIT {
  private static final int COMMITS = 40;
  private static final int SAMPLES = 3;

  private final long seed = Long.getLong("pgbackup.seed", System.nanoTime());
  private final Random random = new Random(seed);

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private FileObjectStore store;

  @BeforeEach
  void openStore() throws IOException {
    store = FileObjectStore.open(Files.createDirectory(folder.resolve("store")));
  }

  @AfterEach
  void closeStore() {
    store.close();
  }

  @ParameterizedTest
  @EnumSource(PostgresRelease.class)
  void whatIsOfferedRestoresAndTheFirstRefusedDoesNot(PostgresRelease release) {
    try (ProtectedServer server = new ProtectedServer(release, store, folder)) {
      server.postgres.configure("track_commit_timestamp", "on");
      server.postgres.stop();
      server.postgres.start();
      makeHistory(server);
      LineageUid uid = server.uid();
      LineageCatalog catalog = server.catalog(uid);
      assertThat(catalog.windows()).as("seed %s", seed).hasSize(1);
      RecoveryWindow window = catalog.windows().getFirst();

      for (Instant instant : samples(server, window)) {
        assertThat(restored(server, release, server.plan(uid, instant)))
            .as("seed %s, %s in %s", seed, instant, window)
            .isEqualTo(committedBy(server, instant));
      }

      refusedAndRightlySo(server, uid, window);
    }
  }

  private void makeHistory(ProtectedServer server) {
    server.postgres.sql("create table account (id serial)");
    int firstBackup = random.nextInt(COMMITS / 3);
    int secondBackup = firstBackup + 1 + random.nextInt(COMMITS / 3);
    for (int commit = 0; commit < COMMITS; commit++) {
      if (commit == firstBackup || commit == secondBackup) {
        server.backUp();
      }
      String end = random.nextInt(5) == 0 ? "rollback" : "commit";
      server.postgres.sql("begin; insert into account default values; " + end);
      if (random.nextInt(4) == 0) {
        server.postgres.sql("select pg_switch_wal()");
      }
    }
    server.archiveEverything();
  }

  private SortedSet<Instant> samples(ProtectedServer server, RecoveryWindow window) {
    List<Instant> commits =
        server
            .postgres
            .sql("select " + utc("pg_xact_commit_timestamp(xmin)") + " from account")
            .stream()
            .map(Instant::parse)
            .filter(window::contains)
            .toList();
    SortedSet<Instant> samples = new TreeSet<>();
    samples.add(window.start().truncatedTo(ChronoUnit.MICROS).plus(1, ChronoUnit.MICROS));
    samples.add(window.end().minus(1, ChronoUnit.MICROS));
    long micros = ChronoUnit.MICROS.between(window.start(), window.end());
    for (int sample = 0; sample < SAMPLES; sample++) {
      // A commit's own time and the instant before it are where mistakes hide.
      Instant commit = commits.get(random.nextInt(commits.size()));
      samples.add(sample % 2 == 0 ? commit : commit.minus(1, ChronoUnit.MICROS));
      samples.add(window.start().plus(random.nextLong(micros), ChronoUnit.MICROS));
    }
    samples.removeIf(instant -> !window.contains(instant));
    return samples;
  }

  /// The refusal, and what recovery comes to without it.
  private void refusedAndRightlySo(ProtectedServer server, LineageUid uid, RecoveryWindow window) {
    assertThatExceptionOfType(PgBackupException.class)
        .isThrownBy(() -> server.plan(uid, window.end()))
        .satisfies(refusal -> assertThat(refusal.problem()).isInstanceOf(Problem.Refused.class));
    RestorePlan offered = server.plan(uid, window.end().minus(1, ChronoUnit.MICROS));
    RestorePlan forced =
        new RestorePlan(
            offered.lineage(),
            new RecoveryTarget.AtTime(window.end()),
            offered.backup(),
            offered.path(),
            offered.segmentSize(),
            offered.wal());

    assertThatExceptionOfType(PgBackupException.class)
        .as("seed %s", seed)
        .isThrownBy(() -> restore(server, forced, folder.resolve("forced")))
        .withMessageContaining("recovery ended before configured recovery target was reached");
  }

  private static String committedBy(ProtectedServer server, Instant instant) {
    return server.postgres.value(
        "select coalesce(string_agg(id::text, ',' order by id), '') from account"
            + " where pg_xact_commit_timestamp(xmin) <= '"
            + instant
            + "'");
  }

  private String restored(ProtectedServer server, PostgresRelease release, RestorePlan plan) {
    Path target = folder.resolve("restored-" + System.nanoTime());
    restore(server, plan, target);
    try (TestPostgres postgres = TestPostgres.over(release, target, Map.of())) {
      postgres.start();
      return postgres.value(
          "select coalesce(string_agg(id::text, ',' order by id), '') from account");
    }
  }

  private static void restore(ProtectedServer server, RestorePlan plan, Path target) {
    new RestoreRunner(server.bench().services(), Duration.ofSeconds(5))
        .run(
            plan,
            new RestoreDestination.NewDirectory(target, Optional.empty()),
            RestoreListener.SILENT);
  }

  private static String utc(String time) {
    return "to_char((" + time + ") at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";
  }
}
