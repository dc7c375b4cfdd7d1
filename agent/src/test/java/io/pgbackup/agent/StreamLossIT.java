package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.catalog.Catalog;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.process.Trees;
import io.pgbackup.restore.RecoveryTarget;
import io.pgbackup.restore.RestoreBench;
import io.pgbackup.restore.RestoreDestination;
import io.pgbackup.restore.RestoreListener;
import io.pgbackup.restore.RestorePlan;
import io.pgbackup.restore.RestorePlanner;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.s3.S3ObjectStore;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.TestPostgres;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A machine is lost under load at a random instant, agent, server and volume together, while the
/// agent receives the WAL itself. What comes back from the archive has no hole and nothing of it is
/// missing that the agent had reported as stored; how many seconds are lost is printed.
@Tag("chaos")
class StreamLossIT {
  private static final PostgresRelease RELEASE = PostgresRelease.NEWEST;
  private static final ClusterId CLUSTER = new ClusterId("shop", "orders");
  private static final int[] SEGMENT_MIB = {1, 16, 64};

  private static final List<String> TABLE =
      new ArrayList<>(
          List.of(
              "| segments, MiB | under load, s | rows | lost, s | rows lost |",
              "| --- | --- | --- | --- | --- |"));

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  /// A row that was confirmed.
  ///
  /// @param end where WAL ended afterwards, for some of them
  private record Commit(Instant at, Optional<Lsn> end) {}

  private final ConcurrentSkipListMap<Integer, Commit> commits = new ConcurrentSkipListMap<>();

  static LongStream seeds() {
    return new Random().longs(Integer.getInteger("pgbackup.seeds", 20));
  }

  @AfterAll
  static void tell() {
    TABLE.forEach(System.out::println);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void whatComesBackEndsSecondsBeforeTheLoss(long seed) throws Exception {
    Random random = new Random(Long.getLong("pgbackup.seed", seed));
    int segment = SEGMENT_MIB[random.nextInt(SEGMENT_MIB.length)];
    Duration load = Duration.ofMillis(6_000 + random.nextInt(14_000));
    S3Server s3 = S3Server.shared();
    StorageConfig storage = s3.storageConfig(s3.newBucket());
    Instant lostAt;
    Optional<Lsn> reported;
    try (TestPostgres postgres =
            TestPostgres.builder(RELEASE)
                .initdb("--wal-segsize=" + segment)
                .create(folder.resolve("data"))
                .start();
        AgentProcess agent =
            AgentProcess.start(
                folder,
                storage,
                postgres.configOverSocket(),
                folder.resolve("archive.sock"),
                ", source: stream")) {
      agent.statusOnce(status -> assertThat(status.windows()).hasSize(1));
      postgres.sql("create table t (id int primary key, filler text)");
      Thread writer = Thread.ofPlatform().name("writer").start(() -> write(postgres));
      Thread.sleep(load);
      reported = agent.status().archive().stream().orElseThrow().storedLsn().map(Lsn::parse);
      lostAt = Instant.now();
      agent.kill();
      postgres.kill();
      writer.join();
      Trees.delete(postgres.dataDirectory());
    }

    int restored = restored(storage);

    assertThat(reported).as("seed %d", seed).isPresent();
    assertThat(restored).as("seed %d", seed).isGreaterThanOrEqualTo(storedRows(reported.get()));
    Map.Entry<Integer, Commit> lost = commits.higherEntry(restored);
    TABLE.add(
        "| %d | %.1f | %d | %.1f | %d |"
            .formatted(
                segment,
                load.toMillis() / 1000.0,
                commits.size(),
                lost == null
                    ? 0.0
                    : Duration.between(lost.getValue().at(), lostAt).toMillis() / 1000.0,
                commits.tailMap(restored, false).size()));
  }

  private void write(TestPostgres postgres) {
    try (Connection connection = postgres.connect();
        Statement statement = connection.createStatement()) {
      for (int id = 1; ; id++) {
        statement.execute(
            "insert into t select %d, string_agg(md5(random()::text), '') from generate_series(1, 100)"
                .formatted(id));
        Instant at = Instant.now();
        Optional<Lsn> end = Optional.empty();
        if (id % 20 == 0) {
          try (var result = statement.executeQuery("select pg_current_wal_flush_lsn()")) {
            result.next();
            end = Optional.of(Lsn.parse(result.getString(1)));
          }
        }
        commits.put(id, new Commit(at, end));
      }
    } catch (SQLException _) {
      // the machine is lost
    }
  }

  private int storedRows(Lsn reported) {
    return commits.descendingMap().entrySet().stream()
        .filter(
            commit ->
                commit.getValue().end().filter(end -> end.compareTo(reported) <= 0).isPresent())
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse(0);
  }

  /// How many rows came back: the first ones, without a hole.
  private int restored(StorageConfig storage) {
    try (ObjectStore store = S3ObjectStore.open(storage)) {
      Catalog catalog = new Catalog(store);
      RestorePlan plan =
          new RestorePlanner(ZoneOffset.UTC)
              .plan(
                  CLUSTER,
                  List.of(catalog.read(catalog.lineages(PrefixTemplate.DEFAULT).getFirst())),
                  Optional.empty(),
                  new RecoveryTarget.Latest());
      Path target = folder.resolve("restored");
      new RestoreBench(store, RELEASE)
          .runner()
          .run(
              plan,
              new RestoreDestination.NewDirectory(target, Optional.empty()),
              RestoreListener.SILENT);
      try (TestPostgres restored = TestPostgres.over(RELEASE, target, Map.of())) {
        String[] counts =
            restored
                .start()
                .value("select count(*) || ' ' || coalesce(max(id), 0) from t")
                .split(" ");
        assertThat(counts[0]).as("rows without a hole").isEqualTo(counts[1]);
        return Integer.parseInt(counts[1]);
      }
    }
  }
}
