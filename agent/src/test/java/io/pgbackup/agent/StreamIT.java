package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.tail.Pieces;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.process.Trees;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.restore.RecoveryTarget;
import io.pgbackup.restore.RestoreBench;
import io.pgbackup.restore.RestoreDestination;
import io.pgbackup.restore.RestoreListener;
import io.pgbackup.restore.RestorePlan;
import io.pgbackup.restore.RestorePlanner;
import io.pgbackup.status.StatusSnapshot;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.s3.S3ObjectStore;
import io.pgbackup.testing.ArchiveCommand;
import io.pgbackup.testing.EachRelease;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.TestKeys;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// WAL that the agent receives itself, from a server whose archive_mode is off. The agent is a
/// process of its own, so that it can be killed.
class StreamIT {
  private static final ClusterId CLUSTER = new ClusterId("shop", "orders");
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private final List<AutoCloseable> open = new ArrayList<>();
  private StorageConfig storage;
  private ObjectStore store;

  @BeforeEach
  void ownBucket() {
    S3Server s3 = S3Server.shared();
    storage = s3.storageConfig(s3.newBucket());
    store = opened(S3ObjectStore.open(storage));
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable one : open.reversed()) {
      one.close();
    }
  }

  private <T extends AutoCloseable> T opened(T resource) {
    open.add(resource);
    return resource;
  }

  private TestPostgres server(PostgresRelease release) {
    return opened(
            TestPostgres.builder(release).initdb("--wal-segsize=1").create(folder.resolve("data")))
        .start();
  }

  private AgentProcess agent(TestPostgres postgres) throws IOException {
    return agent(postgres, "");
  }

  /// @param more sections
  private AgentProcess agent(TestPostgres postgres, String more) throws IOException {
    return opened(
        AgentProcess.start(
            folder,
            storage,
            postgres.configOverSocket(),
            folder.resolve("archive.sock"),
            ", source: stream, streamInterval: 1s",
            more));
  }

  private static void isProtected(StatusSnapshot status) {
    assertThat(status.windows()).hasSize(1);
    assertThat(status.runningBackup()).isEmpty();
  }

  private static void hasStored(StatusSnapshot status, Lsn position) {
    assertThat(status.archive().stream().orElseThrow().storedLsn().map(Lsn::parse))
        .hasValueSatisfying(stored -> assertThat(stored).isGreaterThanOrEqualTo(position));
  }

  private static Lsn end(TestPostgres postgres) {
    return Lsn.parse(postgres.value("select pg_current_wal_flush_lsn()"));
  }

  private LineageCatalog catalog(ObjectCipher cipher) {
    Catalog catalog = new Catalog(store, cipher);
    return catalog.read(catalog.lineages(PrefixTemplate.DEFAULT).getFirst());
  }

  private Path restore(
      PostgresRelease release, ObjectCipher cipher, RecoveryTarget to, String name) {
    Path target = folder.resolve(name);
    RestorePlan plan =
        new RestorePlanner(ZoneOffset.UTC)
            .plan(CLUSTER, List.of(catalog(cipher)), Optional.empty(), to);
    new RestoreBench(store, release, cipher)
        .runner()
        .run(
            plan,
            new RestoreDestination.NewDirectory(target, Optional.empty()),
            RestoreListener.SILENT);
    return target;
  }

  private List<String> restored(
      PostgresRelease release, ObjectCipher cipher, RecoveryTarget to, String query) {
    Path target = restore(release, cipher, to, "restored-" + to.getClass().getSimpleName());
    try (TestPostgres restored = TestPostgres.over(release, target, Map.of())) {
      return restored.start().sql(query);
    }
  }

  @EachRelease
  void aLostMachineTakesAlongNothingThatWasReportedAsStored(PostgresRelease release)
      throws Exception {
    TestPostgres postgres = server(release);
    TestKeys keys = new TestKeys(folder);
    ObjectCipher cipher = keys.libsodium();
    String encryption =
        "encryption: { method: libsodium, keyFile: %s, keyTransform: hex }\n"
            .formatted(keys.file("key", TestKeys.GOLDEN));
    AgentProcess first = agent(postgres, encryption);
    first.statusOnce(StreamIT::isProtected);
    postgres.sql("create table t (id bigint primary key, filling text)");
    postgres.sql(rows(1, 2000));
    first.kill();
    postgres.sql(rows(2001, 20_000));
    AgentProcess second = agent(postgres, encryption);
    Lsn loaded = end(postgres);
    second.statusOnce(status -> hasStored(status, loaded));
    promote(postgres);
    postgres.sql(rows(20_001, 20_001));
    Instant instant =
        Instant.parse(
            postgres.value(
                "select to_char(clock_timestamp() at time zone 'UTC',"
                    + " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"));
    postgres.sql(rows(20_002, 20_002));
    Lsn last = end(postgres);
    StatusSnapshot status = second.statusOnce(now -> hasStored(now, last));
    for (int id = 20_003; id < 20_010; id++) {
      postgres.sql(rows(id, id));
    }

    second.kill();
    postgres.kill();
    Trees.delete(postgres.dataDirectory());

    StatusSnapshot.Stream stream = status.archive().stream().orElseThrow();
    assertThat(stream.connected()).isTrue();
    assertThat(stream.pieces()).isPositive();
    assertThat(stream.gaps()).isZero();
    assertThat(status.problems()).isEmpty();
    LineageCatalog catalog = catalog(cipher);
    assertThat(catalog.gaps()).isEmpty();
    assertThat(catalog.path().timeline()).isEqualTo(new Timeline(2));
    assertThat(catalog.segments().newestAlong(catalog.path()).orElseThrow().end())
        .as("the last row is in no whole segment")
        .isLessThan(last);
    assertThat(catalog.windows().getLast().contains(instant)).isTrue();
    assertThat(
            restored(
                release,
                cipher,
                new RecoveryTarget.Latest(),
                "select count(*) filter (where id <= 20002), max(id) < 20010 from t"))
        .containsExactly("20002|t");
    assertThat(
            restored(
                release,
                cipher,
                new RecoveryTarget.AtTime(instant),
                "select count(*), max(id) from t"))
        .as("to an instant in the unfinished segment")
        .containsExactly("20001|20001");
    WalSegment unfinished = catalog.segments().newestAlong(catalog.path()).orElseThrow().next();
    Pieces keyless =
        new Pieces(store, new ArchiveLayout(catalog.lineage().prefix()), ObjectCipher.NONE);
    assertThatThrownBy(() -> keyless.read(unfinished))
        .hasMessageContaining("is encrypted with the key libsodium:");
    assertThatThrownBy(
            () -> restore(release, ObjectCipher.NONE, new RecoveryTarget.Latest(), "keyless"))
        .isInstanceOf(PgBackupException.class)
        .hasMessageContaining("is encrypted with the key libsodium:");
  }

  /// It stops cleanly, which it does only once all its WAL is confirmed, and begins a timeline.
  private static void promote(TestPostgres postgres) throws IOException {
    postgres.stop();
    Path signal = Files.createFile(postgres.dataDirectory().resolve("standby.signal"));
    postgres.user().own(signal);
    postgres.start();
    postgres.sql("select pg_promote(true)");
  }

  @Test
  void aSlotThatIsGoneCostsAGapAndOneThatIsLeftStaysUntilTheArchiveGoesOn() throws Exception {
    TestPostgres postgres = server(PostgresRelease.NEWEST);
    AgentProcess first = agent(postgres);
    StatusSnapshot before = first.statusOnce(StreamIT::isProtected);
    first.kill();
    await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(
            () ->
                !postgres
                    .sql("select pg_drop_replication_slot(slot_name) from pg_replication_slots")
                    .isEmpty());
    postgres.sql("create table t (id bigint primary key, filling text)");
    for (int i = 0; i < 8; i++) {
      postgres.sql(rows(i * 10_000, i * 10_000 + 9999));
      postgres.sql("checkpoint");
    }

    AgentProcess second = agent(postgres);

    StatusSnapshot after =
        second.statusOnce(
            now -> {
              assertThat(now.gaps()).hasSize(1);
              assertThat(now.lastBackup().orElseThrow().name())
                  .isNotEqualTo(before.lastBackup().orElseThrow().name());
              assertThat(now.windows()).hasSize(2);
              // it would end a segment that nobody takes
              assertThat(now.runningBackup()).isEmpty();
            });
    assertThat(after.archive().stream().orElseThrow().gaps()).isPositive();
    second.kill();
    Path socket = folder.resolve("archive.sock");
    AgentProcess third =
        opened(AgentProcess.start(folder, storage, postgres.configOverSocket(), socket));
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> assertThat(third.output()).contains("is kept: the archive lacks segment"));
    assertThat(postgres.sql("select slot_name from pg_replication_slots")).hasSize(1);
    Path spool = folder.resolve("spool");
    opened(new ArchiveCommand(spool, socket, postgres.dataDirectory()));
    postgres.configure("archive_mode", "on");
    postgres.configure("archive_command", ArchiveCommand.text(spool));
    postgres.stop();
    postgres.start();
    postgres.sql(rows(100_000, 109_999));
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> assertThat(postgres.sql("select slot_name from pg_replication_slots")).isEmpty());
    assertThat(catalog(ObjectCipher.NONE).gaps()).as("none but the one before").hasSize(1);
  }

  private static String rows(int first, int last) {
    return "insert into t select id, repeat(md5(id::text), 8) from generate_series(%d, %d) id"
        .formatted(first, last);
  }
}
