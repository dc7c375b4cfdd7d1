package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.PgBackupConfig.BackupConfig;
import io.pgbackup.config.PgBackupConfig.ClusterConfig;
import io.pgbackup.config.PgBackupConfig.DrillConfig;
import io.pgbackup.config.PgBackupConfig.DrillTarget;
import io.pgbackup.config.PgBackupConfig.EncryptionConfig;
import io.pgbackup.config.PgBackupConfig.EngineChoice;
import io.pgbackup.config.PgBackupConfig.EngineConfig;
import io.pgbackup.config.PgBackupConfig.HttpConfig;
import io.pgbackup.config.PgBackupConfig.KubernetesConfig;
import io.pgbackup.config.PgBackupConfig.LogConfig;
import io.pgbackup.config.PgBackupConfig.RetentionConfig;
import io.pgbackup.config.PgBackupConfig.RetentionRun;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.config.PgBackupConfig.WalConfig;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.lineage.IdentityFile;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.log.LogFormat;
import io.pgbackup.postgres.process.Trees;
import io.pgbackup.restore.RecoveryTarget;
import io.pgbackup.restore.RestoreBench;
import io.pgbackup.restore.RestoreDestination;
import io.pgbackup.restore.RestoreListener;
import io.pgbackup.restore.RestorePlanner;
import io.pgbackup.schedule.Crontab;
import io.pgbackup.status.BackupRunView;
import io.pgbackup.status.BackupRunView.State;
import io.pgbackup.status.StatusJson;
import io.pgbackup.status.StatusSnapshot;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import io.pgbackup.store.s3.S3ObjectStore;
import io.pgbackup.testing.ArchiveCommand;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.FaultyProxy;
import io.pgbackup.testing.FaultyProxy.Fault;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.RealWalg;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What goes wrong around an agent, each thing for longer than a test of every change may take. It
/// ends in full recovery or in a clear refusal, and nothing that was acknowledged is lost.
@Tag("matrix")
class AgentFaultsIT {
  private static final Pace QUICK = new Pace(Duration.ofMillis(200), Duration.ofMillis(200));
  private static final Duration PATIENCE = Duration.ofMinutes(4);
  private static final Duration STORM = Duration.ofSeconds(75);
  private static final EngineConfig EMBEDDED =
      new EngineConfig(EngineChoice.AUTO, EngineChoice.EMBEDDED, Optional.empty());
  private static final Fault[] ERRORS = {
    FaultyProxy.error(429, "TooManyRequests"),
    FaultyProxy.error(500, "InternalError"),
    FaultyProxy.error(503, "SlowDown")
  };

  private static final Fault[] STORM_AND_CUTS = {
    FaultyProxy.error(429, "TooManyRequests"),
    FaultyProxy.error(500, "InternalError"),
    FaultyProxy.error(503, "SlowDown"),
    new Fault.LoseRequest(),
    new Fault.LoseAnswer()
  };

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private final List<AutoCloseable> open = new ArrayList<>();
  private final HttpClient client = HttpClient.newHttpClient();
  private FaultyProxy proxy;
  private StorageConfig storage;
  private StorageConfig direct;

  @BeforeEach
  void store() {
    S3Server s3 = S3Server.shared();
    proxy = opened(FaultyProxy.before(s3.endpoint()));
    String bucket = s3.newBucket();
    storage = s3.storageConfig(bucket, proxy.endpoint());
    direct = s3.storageConfig(bucket);
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable one : open.reversed()) {
      one.close();
    }
    client.close();
  }

  private <T extends AutoCloseable> T opened(T resource) {
    open.add(resource);
    return resource;
  }

  /// A server, and what carries its WAL to the agent beside it.
  private TestPostgres server(Path data) {
    Path spool = data.resolveSibling(data.getFileName() + "-spool");
    TestPostgres postgres =
        opened(
            TestPostgres.builder(PostgresRelease.NEWEST).archivingBy(spool).create(data).start());
    opened(new ArchiveCommand(spool, socket(data), data));
    postgres.sql("create table t (id bigint)");
    return postgres;
  }

  private static Path socket(Path data) {
    return data.resolveSibling(data.getFileName() + ".sock");
  }

  private Agent agent(TestPostgres postgres, Clock clock) {
    return agent(postgres, clock, EMBEDDED);
  }

  private Agent agent(TestPostgres postgres, Clock clock, EngineConfig engines) {
    PgBackupConfig config =
        new PgBackupConfig(
            new ClusterConfig("orders", "shop", Optional.empty()),
            postgres.configOverSocket(),
            storage,
            EncryptionConfig.NONE,
            new WalConfig(true, socket(postgres.dataDirectory()), Codec.LZ4),
            new BackupConfig(true, Crontab.parse("0 2 * * *"), ZoneOffset.UTC, Codec.ZSTD, 1),
            new RetentionConfig(
                RetentionRun.JOB, Crontab.parse("30 3 * * *"), 7, Duration.ofDays(14)),
            engines,
            new HttpConfig("127.0.0.1", 0),
            new LogConfig(LogFormat.TEXT),
            Optional.empty(),
            new DrillConfig(
                /* enabled= */ false,
                Crontab.parse("0 5 * * 0"),
                ZoneOffset.UTC,
                Duration.ZERO,
                Optional.empty(),
                Optional.empty(),
                DrillTarget.LATEST,
                List.of(),
                Optional.empty(),
                Optional.empty()),
            KubernetesConfig.OFF);
    Agent agent = opened(new Agent(config, "1", clock, QUICK));
    agent.start();
    return agent;
  }

  private StatusSnapshot status(Agent agent) {
    URI uri =
        URI.create(
            "http://127.0.0.1:%d/api/v1/status".formatted(agent.address().orElseThrow().getPort()));
    try {
      return StatusJson.read(
          client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).body(),
          StatusSnapshot.class);
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private StatusSnapshot statusOnce(Agent agent, Consumer<StatusSnapshot> condition) {
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(200))
        .untilAsserted(() -> condition.accept(status(agent)));
    return status(agent);
  }

  private static void isProtected(StatusSnapshot status) {
    assertThat(status.windows()).hasSize(1);
    assertThat(status.runningBackup()).isEmpty();
  }

  private static Instant now(TestPostgres postgres) {
    return Instant.parse(
        postgres.value(
            "select to_char(clock_timestamp() at time zone 'UTC',"
                + " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"));
  }

  private static void write(TestPostgres postgres, int from, int to) {
    postgres.sql("insert into t select generate_series(%d, %d)".formatted(from, to));
    postgres.sql("select pg_switch_wal()");
  }

  private static void hasStored(StatusSnapshot status, Instant instant) {
    assertThat(status.lastCommit()).hasValueSatisfying(at -> assertThat(at).isAfter(instant));
    assertThat(status.gaps()).isEmpty();
  }

  private List<String> restored(RecoveryTarget to) {
    try (ObjectStore store = S3ObjectStore.open(direct)) {
      Catalog reader = new Catalog(store);
      List<LineageCatalog> catalogs =
          reader.lineages(PrefixTemplate.DEFAULT).stream().map(reader::read).toList();
      Path target = folder.resolve("restored");
      new RestoreBench(store, PostgresRelease.NEWEST)
          .runner()
          .run(
              new RestorePlanner(ZoneOffset.UTC)
                  .plan(catalogs.getFirst().lineage().cluster(), catalogs, Optional.empty(), to),
              new RestoreDestination.NewDirectory(target, Optional.empty()),
              RestoreListener.SILENT);
      try (TestPostgres server =
          TestPostgres.over(PostgresRelease.NEWEST, target, Map.of("archive_mode", "off"))) {
        return server.start().sql("select count(*), max(id) from t");
      }
    }
  }

  /// P18. The store takes a request and never says anything again, as behind a firewall that
  /// forgot.
  @Test
  void aConnectionOnWhichNothingComesIsGivenUp() {
    TestPostgres postgres = server(folder.resolve("data"));
    Agent agent = agent(postgres, Clock.systemUTC());
    statusOnce(agent, AgentFaultsIT::isProtected);
    proxy.breakNext(1, request -> request.is("PUT", "/wal_005/0"), new Fault.Silence());
    proxy.breakNext(1, request -> request.is("GET", "list-type=2"), new Fault.Silence());
    write(postgres, 1, 100);
    Instant written = now(postgres);
    write(postgres, 101, 101);

    StatusSnapshot after = statusOnce(agent, now -> hasStored(now, written));

    assertThat(after.problems()).isEmpty();
  }

  /// P18. So slow that a segment takes longer than the socket lets a push wait: it goes on without
  /// PostgreSQL, whose next attempt finds it.
  @Test
  void aSlowLineDelaysAndLosesNothing() {
    TestPostgres postgres = server(folder.resolve("data"));
    Agent agent = agent(postgres, Clock.systemUTC());
    statusOnce(agent, AgentFaultsIT::isProtected);
    proxy.slowTo(128 << 10);
    postgres.sql(
        "create table big as select gen_random_uuid() a, gen_random_uuid() b"
            + " from generate_series(1, 250000)");
    backUp(agent);
    write(postgres, 1, 100);
    Instant written = now(postgres);
    write(postgres, 101, 101);

    StatusSnapshot after =
        statusOnce(
            agent,
            now -> {
              hasStored(now, written);
              assertThat(now.backups()).contains(2);
              assertThat(now.runningBackup()).isEmpty();
            });

    assertThat(after.lastRun()).map(BackupRunView::state).contains(State.COMPLETED);
    assertThat(after.archive().refused()).isZero();
    assertThat(restored(new RecoveryTarget.AtTime(written))).containsExactly("100|100");
  }

  /// For longer than a lease lasts unrenewed, and than a push is held.
  @Test
  void aStormOfErrorsDelaysAndLosesNothing() {
    TestPostgres postgres = server(folder.resolve("data"));
    Agent agent = agent(postgres, Clock.systemUTC());
    statusOnce(agent, AgentFaultsIT::isProtected);
    Instant written;
    try (FaultyProxy.Storm _ = proxy.storm(_ -> true, ERRORS)) {
      backUp(agent);
      for (int i = 0; i < 10; i++) {
        write(postgres, i * 100 + 1, i * 100 + 100);
      }
      written = now(postgres);
      write(postgres, 1001, 1001);
      StatusSnapshot during =
          statusOnce(
              agent,
              now -> {
                assertThat(now.archive().failed()).as("told to try again").isPositive();
                assertThat(now.storage().up()).containsValue(false);
              });
      assertThat(during.backups()).contains(1);
      letItLast(STORM);
    }

    StatusSnapshot after =
        statusOnce(
            agent,
            now -> {
              hasStored(now, written);
              assertThat(now.backups()).contains(2);
              assertThat(now.runningBackup()).isEmpty();
              assertThat(now.problems()).isEmpty();
            });

    assertThat(after.lastRun()).map(BackupRunView::state).contains(State.COMPLETED);
    assertThat(after.archive().refused()).isZero();
    assertThat(restored(new RecoveryTarget.AtTime(written))).containsExactly("1000|1000");
  }

  /// The same of stock wal-g, which tries each request for some time by itself. What it gives up is
  /// told, and asked for again it is done.
  @Test
  void aStormOfErrorsDelaysAndLosesNothingUnderWalg() {
    TestPostgres postgres = server(folder.resolve("data"));
    Agent agent =
        agent(
            postgres,
            Clock.systemUTC(),
            new EngineConfig(EngineChoice.WALG, EngineChoice.WALG, Optional.of(RealWalg.binary())));
    statusOnce(agent, AgentFaultsIT::isProtected);
    String acknowledged = acknowledged(postgres);
    Instant written;
    try (FaultyProxy.Storm storm = proxy.storm(_ -> true, STORM_AND_CUTS)) {
      backUp(agent);
      for (int i = 0; i < 10; i++) {
        write(postgres, i * 100 + 1, i * 100 + 100);
      }
      written = now(postgres);
      write(postgres, 1001, 1001);
      statusOnce(agent, now -> assertThat(now.storage().up()).containsValue(false));
      letItLast(STORM);
      assertThat(storm.broken()).isGreaterThan(STORM_AND_CUTS.length);
      assertThat(acknowledged(postgres)).as("without an answer").isEqualTo(acknowledged);
    }

    StatusSnapshot after =
        statusOnce(
            agent,
            now -> {
              hasStored(now, written);
              assertThat(now.runningBackup()).isEmpty();
              assertThat(now.problems())
                  .filteredOn(problem -> !problem.about().equals("backup"))
                  .isEmpty();
            });

    assertThat(after.archive().refused()).isZero();
    if (after.lastRun().map(BackupRunView::state).filter(State.FAILED::equals).isPresent()) {
      assertThat(after.lastRun().orElseThrow().problem().orElseThrow().message()).contains("wal-g");
      backUp(agent);
    }
    statusOnce(
        agent,
        now -> {
          assertThat(now.backups()).hasValueSatisfying(count -> assertThat(count).isGreaterThan(1));
          assertThat(now.lastRun()).map(BackupRunView::state).contains(State.COMPLETED);
          assertThat(now.problems()).isEmpty();
        });
    assertThat(restored(new RecoveryTarget.AtTime(written))).containsExactly("1000|1000");
  }

  /// What PostgreSQL would let go by now.
  private static String acknowledged(TestPostgres postgres) {
    return postgres.value("select archived_count from pg_stat_archiver");
  }

  /// P62. It would be a pity about the hours that it has read.
  @ParameterizedTest
  @ValueSource(strings = {"partNumber=", "_backup_stop_sentinel.json"})
  void aBaseBackupUnderWayOutlivesAStorm(String begins) {
    TestPostgres postgres = server(folder.resolve("data"));
    postgres.sql(
        "create table big as select gen_random_uuid() a, gen_random_uuid() b"
            + " from generate_series(1, 1000000)");
    proxy.breakNext(1, request -> request.is("PUT", begins), FaultyProxy.error(503, "SlowDown"));
    Agent agent = agent(postgres, Clock.systemUTC());
    await()
        .atMost(PATIENCE)
        .until(() -> proxy.requests().stream().anyMatch(request -> request.is("PUT", begins)));
    try (FaultyProxy.Storm _ = proxy.storm(_ -> true, ERRORS)) {
      letItLast(STORM);
    }

    StatusSnapshot after = statusOnce(agent, AgentFaultsIT::isProtected);

    assertThat(after.backups()).contains(1);
    assertThat(after.lastRun()).map(BackupRunView::state).contains(State.COMPLETED);
    write(postgres, 1, 100);
    Instant written = now(postgres);
    write(postgres, 101, 101);
    statusOnce(agent, now -> hasStored(now, written));
    assertThat(restored(new RecoveryTarget.AtTime(written))).containsExactly("100|100");
  }

  private void backUp(Agent agent) {
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create(
                    "http://127.0.0.1:%d/api/v1/backups"
                        .formatted(agent.address().orElseThrow().getPort())))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.noBody())
            .build();
    try {
      assertThat(client.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(202);
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void letItLast(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /// Forward by two days, and back by three: NTP, a virtual machine that was paused, a wrong zone.
  @Test
  void aClockThatStepsCostsABaseBackupAndNothingElse() {
    Stepped clock = new Stepped();
    TestPostgres postgres = server(folder.resolve("data"));
    Agent agent = agent(postgres, clock);
    statusOnce(agent, AgentFaultsIT::isProtected);
    clock.step(Duration.ofDays(2));
    statusOnce(agent, status -> assertThat(status.backups()).contains(2));
    clock.step(Duration.ofDays(-3));
    write(postgres, 1, 100);
    Instant written = now(postgres);
    write(postgres, 101, 101);

    StatusSnapshot after = statusOnce(agent, now -> hasStored(now, written));

    assertThat(after.backups()).contains(2);
    assertThat(after.problems()).isEmpty();
    assertThat(restored(new RecoveryTarget.AtTime(written))).containsExactly("100|100");
  }

  /// P7. The volume of the data directory is put back to an older snapshot, identity and all; its
  /// server writes other WAL under names that the archive has. Two agents on one prefix are the
  /// same, seen from the archive.
  @Test
  void aServerRolledBackToASnapshotIsRefusedAndHarmsNothing() throws Exception {
    TestPostgres first = server(folder.resolve("data"));
    Agent agent = agent(first, Clock.systemUTC());
    statusOnce(agent, AgentFaultsIT::isProtected);
    first.stop();
    Path snapshot = folder.resolve("snapshot");
    copy(first.dataDirectory(), snapshot, first);
    first.start();
    write(first, 1, 100);
    write(first, 101, 200);
    Instant written = now(first);
    write(first, 201, 201);
    statusOnce(agent, now -> hasStored(now, written));
    agent.close();
    first.stop();
    Map<String, String> before = archive();
    Trees.delete(first.dataDirectory());
    copy(snapshot, first.dataDirectory(), first);
    first.start();
    write(first, 5001, 5100);

    Agent second = agent(first, Clock.systemUTC());

    StatusSnapshot refused =
        statusOnce(second, status -> assertThat(status.archive().refused()).isPositive());
    assertThat(refused.problems())
        .anySatisfy(
            problem -> {
              assertThat(problem.about()).isEqualTo("wal");
              assertThat(problem.problem().kind()).isEqualTo("refused");
            });
    assertThat(archive()).containsAllEntriesOf(before);
    second.close();
    assertThat(restored(new RecoveryTarget.AtTime(written))).containsExactly("200|200");
  }

  /// P2. A clone comes up beside its server, identity and all, each with an agent of its own.
  @Test
  void ofTwoServersWithOneIdentityOneArchivesAndTheOtherIsRefused() throws Exception {
    TestPostgres first = server(folder.resolve("data"));
    Agent agent = agent(first, Clock.systemUTC());
    statusOnce(agent, AgentFaultsIT::isProtected);
    first.stop();
    Path cloned = folder.resolve("clone");
    copy(first.dataDirectory(), cloned, first);
    IdentityFile.beside(cloned)
        .write(IdentityFile.beside(first.dataDirectory()).read().orElseThrow());
    first.start();
    for (int i = 0; i < 10; i++) {
      write(first, i * 100 + 1, i * 100 + 100);
    }
    Instant beforeClone = now(first);
    write(first, 1001, 1001);
    statusOnce(agent, now -> hasStored(now, beforeClone));
    Map<String, String> before = archive();
    Path spool = folder.resolve("clone-spool");
    TestPostgres second = opened(TestPostgres.over(PostgresRelease.NEWEST, cloned, Map.of()));
    second.configure("archive_command", ArchiveCommand.text(spool));
    second.start();
    opened(new ArchiveCommand(spool, socket(cloned), cloned));
    Agent other = agent(second, Clock.systemUTC());
    write(second, 5001, 5100);
    statusOnce(other, status -> assertThat(status.archive().refused()).isPositive());

    backUp(other);
    StatusSnapshot refused =
        statusOnce(
            other,
            status ->
                assertThat(status.lastRun()).map(BackupRunView::state).contains(State.FAILED));

    assertThat(refused.lastRun().orElseThrow().problem().orElseThrow().message())
        .contains("is not what this server wrote");
    assertThat(archive()).containsAllEntriesOf(before);
    assertThat(baseBackups(archive())).isEqualTo(baseBackups(before));
    backUp(agent);
    write(first, 1002, 1100);
    Instant written = now(first);
    write(first, 1101, 1101);
    StatusSnapshot going =
        statusOnce(
            agent,
            now -> {
              hasStored(now, written);
              assertThat(now.backups()).contains(2);
              assertThat(now.runningBackup()).isEmpty();
            });
    assertThat(going.archive().refused()).isZero();
    assertThat(archive()).containsAllEntriesOf(before);
    other.close();
    assertThat(restored(new RecoveryTarget.AtTime(written))).containsExactly("1100|1100");
  }

  private static Set<String> baseBackups(Map<String, String> archive) {
    return archive.keySet().stream()
        .filter(key -> key.contains("/basebackups_005/"))
        .collect(Collectors.toSet());
  }

  private static void copy(Path from, Path to, TestPostgres server) throws Exception {
    Process copying =
        new ProcessBuilder("cp", "-a", from.toString(), to.toString()).inheritIO().start();
    assertThat(copying.waitFor()).isZero();
    server.user().ownTree(to);
  }

  /// Which objects lie there, in which version.
  private Map<String, String> archive() {
    try (ObjectStore store = S3ObjectStore.open(direct);
        Stream<StoredObject> objects = store.list("")) {
      return objects
          .filter(object -> object.key().value().matches(".*/(wal_005|basebackups_005)/.*"))
          .collect(Collectors.toMap(object -> object.key().value(), StoredObject::version));
    }
  }

  /// Goes as clocks do, and is set.
  private static final class Stepped extends Clock {
    private volatile Duration ahead = Duration.ZERO;

    void step(Duration by) {
      ahead = ahead.plus(by);
    }

    @Override
    public Instant instant() {
      return Clock.systemUTC().instant().plus(ahead);
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return Clock.offset(Clock.system(zone), ahead);
    }
  }
}
