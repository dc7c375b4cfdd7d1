package io.pgbackup.agent;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.pgbackup.archive.ArchiveClient;
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
import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.drill.DrillCheck;
import io.pgbackup.drill.DrillVerdict;
import io.pgbackup.drill.DrillVerdicts;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.Identity;
import io.pgbackup.lineage.IdentityFile;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.log.LogFormat;
import io.pgbackup.page.Headline;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.schedule.Crontab;
import io.pgbackup.status.BackupList;
import io.pgbackup.status.BackupRunView;
import io.pgbackup.status.BackupRunView.State;
import io.pgbackup.status.StatusJson;
import io.pgbackup.status.StatusSnapshot;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.open.Stores;
import io.pgbackup.store.s3.S3ObjectStore;
import io.pgbackup.testing.ArchiveCommand;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.FaultyProxy;
import io.pgbackup.testing.OpenApi;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.RealWalg;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.StsSessions;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AgentIT {
  private static final Pace QUICK = new Pace(Duration.ofMillis(200), Duration.ofMillis(200));
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private final List<AutoCloseable> open = new ArrayList<>();
  private final HttpClient client = HttpClient.newHttpClient();
  private S3Server s3;
  private StorageConfig storage;
  private TestPostgres postgres;
  private ArchiveCommand archiving;
  private RetentionConfig retention =
      new RetentionConfig(RetentionRun.AGENT, Crontab.parse("30 3 * * *"), 7, Duration.ofDays(14));
  private EngineConfig engine =
      new EngineConfig(EngineChoice.AUTO, EngineChoice.EMBEDDED, Optional.empty());

  private Optional<DrillConfig> drill = Optional.empty();
  private KubernetesConfig kubernetes = KubernetesConfig.OFF;

  @BeforeEach
  void protectedServer() {
    s3 = opened(S3Server.own());
    storage = s3.storageConfig(s3.newBucket());
    postgres =
        opened(
            TestPostgres.builder(PostgresRelease.NEWEST)
                .archivingBy(folder.resolve("spool"))
                .create(folder.resolve("data")));
    archiving =
        opened(new ArchiveCommand(folder.resolve("spool"), socket(), postgres.dataDirectory()));
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

  private Path socket() {
    return folder.resolve("archive.sock");
  }

  private PgBackupConfig config() {
    return new PgBackupConfig(
        new ClusterConfig("orders", "shop", Optional.empty()),
        postgres.configOverSocket(),
        storage,
        EncryptionConfig.NONE,
        new WalConfig(true, socket(), Codec.LZ4),
        new BackupConfig(true, Crontab.parse("0 2 * * *"), ZoneOffset.UTC, Codec.ZSTD, 1),
        retention,
        engine,
        new HttpConfig("127.0.0.1", 0),
        new LogConfig(LogFormat.TEXT),
        Optional.empty(),
        drill.orElseGet(() -> drills(/* enabled= */ false, "")),
        kubernetes);
  }

  private DrillConfig drills(boolean enabled, String probe) {
    return drills(enabled, probe, Optional.empty());
  }

  private DrillConfig drills(boolean enabled, String probe, Optional<Path> credentials) {
    return new DrillConfig(
        enabled,
        Crontab.parse("0 5 * * 0"),
        ZoneOffset.UTC,
        Duration.ZERO,
        Optional.empty(),
        Optional.of(folder.resolve("drills")),
        DrillTarget.LATEST,
        List.of(probe),
        Optional.of(PostgresRelease.NEWEST.installation().binDirectory()),
        credentials);
  }

  private Agent besideRunningServer() {
    postgres.start();
    return started(Clock.systemUTC());
  }

  private Agent started(Clock clock) {
    return started(clock, QUICK);
  }

  private Agent started(Clock clock, Pace pace) {
    Agent agent = opened(new Agent(config(), "1.2.3", clock, pace));
    agent.start();
    return agent;
  }

  private HttpResponse<String> get(Agent agent, String path) {
    return send(HttpRequest.newBuilder(uri(agent, path)).build());
  }

  private HttpResponse<String> post(Agent agent) {
    return send(
        HttpRequest.newBuilder(uri(agent, "/api/v1/backups"))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.noBody())
            .build());
  }

  private HttpResponse<String> send(HttpRequest request) {
    try {
      return client.send(request, BodyHandlers.ofString());
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static URI uri(Agent agent, String path) {
    return URI.create("http://127.0.0.1:" + agent.address().orElseThrow().getPort() + path);
  }

  private static List<ProcessHandle> walgs() {
    return ProcessHandle.current()
        .descendants()
        .filter(process -> process.info().command().filter(it -> it.endsWith("/wal-g")).isPresent())
        .toList();
  }

  private StatusSnapshot status(Agent agent) {
    return StatusJson.read(get(agent, "/api/v1/status").body(), StatusSnapshot.class);
  }

  private StatusSnapshot statusOnce(Agent agent, Consumer<StatusSnapshot> condition) {
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(100))
        .untilAsserted(() -> condition.accept(status(agent)));
    return status(agent);
  }

  private List<String> metrics(Agent agent) {
    return get(agent, "/metrics").body().lines().filter(line -> !line.startsWith("#")).toList();
  }

  private static void isProtected(StatusSnapshot status) {
    assertThat(status.windows()).hasSize(1);
    assertThat(status.runningBackup()).isEmpty();
  }

  @Test
  void protectsAServerByItself() {
    Agent agent = besideRunningServer();

    StatusSnapshot status = statusOnce(agent, AgentIT::isProtected);

    Identity identity = IdentityFile.beside(postgres.dataDirectory()).read().orElseThrow();
    assertThat(status.uid()).contains(identity.uid().value());
    assertThat(status.prefix()).contains("pgbackup/shop/orders/" + identity.uid() + "/18");
    assertThat(status.version()).isEqualTo("1.2.3");
    assertThat(
            new OpenApi().faults("GET", "/api/v1/status", 200, get(agent, "/api/v1/status").body()))
        .isEmpty();
    assertThat(
            new OpenApi()
                .faults("GET", "/api/v1/backups", 200, get(agent, "/api/v1/backups").body()))
        .isEmpty();
    statusOnce(
        agent,
        judged ->
            assertThat(judged.archive().outage())
                .hasValueSatisfying(
                    outage -> {
                      assertThat(outage.state()).isEqualTo("normal");
                      assertThat(outage.freeBytes())
                          .hasValueSatisfying(free -> assertThat(free).isPositive());
                    }));
    assertThat(status.server().role()).contains("primary");
    assertThat(status.server().systemIdentifier())
        .contains(postgres.value("select system_identifier from pg_control_system()"));
    assertThat(status.backups()).contains(1);
    assertThat(status.lastBackup().orElseThrow().finishTime())
        .isEqualTo(status.windows().getFirst().start());
    assertThat(status.lastRun().orElseThrow().state()).isEqualTo(State.COMPLETED);
    assertThat(status.unprotectedSince()).isEmpty();
    assertThat(status.gaps()).isEmpty();
    assertThat(status.problems()).isEmpty();
    assertThat(status.storage().up())
        .containsEntry("list", true)
        .containsEntry("read", true)
        .containsEntry("write", true);
    assertThat(status.schedule().next().orElseThrow()).isAfter(Instant.now());
    assertThat(get(agent, "/readyz").statusCode()).isEqualTo(200);
    assertThat(get(agent, "/healthz").statusCode()).isEqualTo(200);
  }

  @Test
  void protectsAServerWithARealWalgAsWell() {
    engine = new EngineConfig(EngineChoice.AUTO, EngineChoice.WALG, Optional.of(RealWalg.binary()));
    Agent agent = besideRunningServer();

    StatusSnapshot status = statusOnce(agent, AgentIT::isProtected);

    assertThat(status.lastRun().orElseThrow().state()).isEqualTo(State.COMPLETED);
    assertThat(status.archive().failed()).isZero();
    assertThat(status.gaps()).isEmpty();
    StatusSnapshot.Engines engines = status.engines().orElseThrow();
    assertThat(engines.backup()).isEqualTo("wal-g");
    assertThat(engines.wal()).isEqualTo("wal-g");
    assertThat(engines.walgVersion().orElseThrow()).startsWith("v3.");
    assertThat(engines.restarts()).contains(0L);
    assertThat(engines.notes()).isNotEmpty();
    assertThat(metrics(agent))
        .anyMatch(line -> line.startsWith("pgbackup_walg_peak_memory_bytes{"));

    // when a daemon is killed, the next segment goes through another one
    assertThat(walgs()).isNotEmpty().allMatch(ProcessHandle::destroyForcibly);
    long stored = status(agent).archive().archived();
    postgres.sql("create table t (id int); insert into t values (1); select pg_switch_wal()");
    statusOnce(
        agent,
        later -> {
          assertThat(later.archive().archived()).isGreaterThan(stored);
          assertThat(later.engines().orElseThrow().restarts().orElseThrow()).isPositive();
          assertThat(later.gaps()).isEmpty();
        });

    agent.close();
    assertThat(walgs()).as("no orphan").isEmpty();
  }

  /// P78.
  @Test
  void showsTheFixedMetricsWithTheirTrueValues() {
    Agent agent = besideRunningServer();
    StatusSnapshot status = statusOnce(agent, AgentIT::isProtected);
    String labels =
        "{cluster=\"orders\",namespace=\"shop\",uid=\"%s\"}".formatted(status.uid().orElseThrow());

    List<String> lines = metrics(agent);

    assertThat(value(lines, "pgbackup_backup_last_success_timestamp_seconds" + labels))
        .isEqualTo(seconds(status.lastBackup().orElseThrow().finishTime()));
    assertThat(value(lines, "pgbackup_backup_age_seconds" + labels)).isBetween(0.0, 120.0);
    assertThat(value(lines, "pgbackup_backup_failures_total" + labels)).isZero();
    assertThat(value(lines, "pgbackup_wal_archive_lag_seconds" + labels)).isBetween(0.0, 120.0);
    assertThat(value(lines, "pgbackup_wal_archive_lag_bytes" + labels)).isNotNegative();
    assertThat(value(lines, "pgbackup_recovery_window_start_timestamp_seconds" + labels))
        .isEqualTo(seconds(status.windows().getFirst().start()));
    assertThat(value(lines, "pgbackup_recovery_window_end_timestamp_seconds" + labels))
        .isGreaterThanOrEqualTo(seconds(status.windows().getFirst().end()));
    assertThat(value(lines, "pgbackup_storage_up" + labels.replace("uid", "op=\"list\",uid")))
        .isEqualTo(1);
    assertThat(value(lines, "pgbackup_postgres_up" + labels)).isEqualTo(1);
    assertThat(value(lines, "pgbackup_wal_gaps" + labels.replace("uid", "state=\"open\",uid")))
        .isZero();
    assertThat(
            value(
                lines,
                "pgbackup_wal_push_duration_seconds_count"
                    + labels.replace("uid", "result=\"stored\",uid")))
        .isPositive();
    for (String op : List.of("list", "read", "write")) {
      assertThat(
              value(
                  lines,
                  "pgbackup_storage_request_duration_seconds_count"
                      + labels.replace("uid", "op=\"" + op + "\",uid")))
          .as(op)
          .isPositive();
    }
    for (String direction : List.of("sent", "read")) {
      assertThat(
              value(
                  lines,
                  "pgbackup_storage_bytes_total"
                      + labels.replace(",namespace", ",direction=\"" + direction + "\",namespace")))
          .as(direction)
          .isPositive();
    }
  }

  private static double value(List<String> lines, String series) {
    return lines.stream()
        .filter(line -> line.startsWith(series + " "))
        .map(line -> Double.valueOf(line.substring(series.length() + 1)))
        .findFirst()
        .orElseThrow(() -> new AssertionError(series + " is not in\n" + String.join("\n", lines)));
  }

  private static double seconds(Instant instant) {
    return instant.getEpochSecond() + instant.getNano() / 1e9;
  }

  /// P74.
  @Test
  void appliesItsRulesWhenTheirScheduleComes() {
    retention =
        new RetentionConfig(RetentionRun.AGENT, Crontab.parse("* * * * *"), 1, Duration.ZERO);
    Agent agent = besideRunningServer();
    String first = statusOnce(agent, AgentIT::isProtected).lastBackup().orElseThrow().name();
    assertThat(post(agent).statusCode()).isEqualTo(202);

    StatusSnapshot status =
        statusOnce(
            agent,
            now -> {
              assertThat(now.backups()).contains(1);
              assertThat(now.lastBackup().orElseThrow().name()).isNotEqualTo(first);
              assertThat(now.runningBackup()).isEmpty();
            });

    assertThat(status.problems()).isEmpty();
    assertThat(status.windows()).isNotEmpty();
    String labels =
        "{cluster=\"orders\",namespace=\"shop\",uid=\"%s\"}".formatted(status.uid().orElseThrow());
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              List<String> lines = metrics(agent);
              assertThat(value(lines, "pgbackup_retention_deleted_objects_total" + labels))
                  .isPositive();
              assertThat(value(lines, "pgbackup_retention_deletable_bytes" + labels)).isZero();
              assertThat(value(lines, "pgbackup_retention_last_success_timestamp_seconds" + labels))
                  .isPositive();
            });
  }

  @Test
  void aWindowFollowsTheCommits() {
    Agent agent = besideRunningServer();
    statusOnce(agent, AgentIT::isProtected);

    postgres.sql("create table t (id int); insert into t values (1)");
    Instant after =
        Instant.parse(
            postgres.value(
                "select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"));
    postgres.sql("insert into t values (2); select pg_switch_wal()");

    statusOnce(agent, status -> assertThat(status.windows().getLast().end()).isAfter(after));
  }

  @Test
  void takesOneBackupAtATimeWhenAsked() {
    Agent agent = besideRunningServer();
    statusOnce(agent, AgentIT::isProtected);
    archiving.hold();

    HttpResponse<String> first = post(agent);
    HttpResponse<String> second = post(agent);

    assertThat(first.statusCode()).isEqualTo(202);
    assertThat(second.statusCode()).isEqualTo(409);
    assertThat(second.headers().firstValue("Location"))
        .isEqualTo(first.headers().firstValue("Location"));
    String location = first.headers().firstValue("Location").orElseThrow();
    assertThat(run(agent, location).state()).isEqualTo(State.STARTING);
    assertThat(metrics(agent)).anyMatch(line -> line.matches("pgbackup_backup_running\\{.* 1\\.0"));

    archiving.release();

    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(run(agent, location).state()).isEqualTo(State.COMPLETED));
    statusOnce(agent, status -> assertThat(status.backups()).contains(2));
  }

  private BackupRunView run(Agent agent, String location) {
    return StatusJson.read(get(agent, location).body(), BackupRunView.class);
  }

  @Test
  void goesOnWithItsLineageAfterARestartAndOwesNoBackup() {
    Agent first = besideRunningServer();
    StatusSnapshot before = statusOnce(first, AgentIT::isProtected);
    first.close();

    Agent second = started(Clock.systemUTC());
    StatusSnapshot after = statusOnce(second, AgentIT::isProtected);

    assertThat(after.uid()).isEqualTo(before.uid());
    assertThat(after.backups()).contains(1);
    assertThat(after.lastRun()).isEmpty();
  }

  private void storeAVerdict(StatusSnapshot before) {
    try (ObjectStore store = S3ObjectStore.open(storage)) {
      var _ =
          new DrillVerdicts(store)
              .store(
                  StoreFolder.of(before.prefix().orElseThrow()),
                  new DrillVerdict(
                      Instant.ofEpochSecond(1_790_000_000),
                      "elsewhere",
                      "shop/orders",
                      before.uid().orElseThrow(),
                      Optional.empty(),
                      before.lastBackup().orElseThrow().name(),
                      Optional.empty(),
                      Optional.of(Duration.ofMillis(12_500)),
                      Optional.of(Duration.ofSeconds(60)),
                      Optional.empty(),
                      List.of(new DrillCheck("probe", DrillCheck.Result.FAILED, "no row", ""))));
    }
  }

  @Test
  void showsTheVerdictOfADrillThatRanElsewhere() {
    Agent first = besideRunningServer();
    StatusSnapshot before = statusOnce(first, AgentIT::isProtected);
    assertThat(metrics(first)).noneMatch(line -> line.startsWith("pgbackup_drill_"));
    first.close();
    storeAVerdict(before);

    Agent second = started(Clock.systemUTC());

    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(
                        metrics(second).stream()
                            .filter(line -> line.startsWith("pgbackup_drill_"))
                            .map(line -> line.replaceFirst("\\{.*} ", " ")))
                    .containsExactlyInAnyOrder(
                        "pgbackup_drill_last_timestamp_seconds 1.79E9",
                        "pgbackup_drill_passed 0.0",
                        "pgbackup_drill_rpo_seconds 60.0",
                        "pgbackup_drill_rto_seconds 12.5"));
    StatusSnapshot.Proof proof =
        new StatusSnapshot.Proof(Instant.ofEpochSecond(1_790_000_000), false, "elsewhere");
    statusOnce(
        second,
        status ->
            assertThat(status.lastBackup().flatMap(StatusSnapshot.Backup::proof)).contains(proof));
    assertThat(StatusJson.read(get(second, "/api/v1/backups").body(), BackupList.class).backups())
        .singleElement()
        .extracting(StatusSnapshot.Backup::proof)
        .isEqualTo(Optional.of(proof));
    assertThat(get(second, "/").body()).contains("<span class=\"bad\">failed </span>");
  }

  /// P39. The last verdict is of 2026-09, so one was missed.
  @Test
  void restoresOnTrialByItself() throws IOException {
    Agent first = besideRunningServer();
    postgres.sql("create table account as select generate_series(1, 5000) id");
    StatusSnapshot before = statusOnce(first, AgentIT::isProtected);
    first.close();
    storeAVerdict(before);
    Path killed = Files.createDirectories(folder.resolve("drills/pgbackup-drill-1"));
    Files.createFile(killed.resolve("lock"));
    Path kept = Files.createDirectories(folder.resolve("drills/pgbackup-drill-2"));
    Path file = folder.resolve("reader.json");
    CredentialDocument reader = reader(file);
    FaultyProxy proxy = opened(FaultyProxy.before(s3.endpoint()));
    storage = s3.storageConfig(reader.bucket(), proxy.endpoint());
    drill =
        Optional.of(
            drills(/* enabled= */ true, "select count(*) = 5000 from account", Optional.of(file)));

    Agent second = started(Clock.systemUTC());

    StatusSnapshot status =
        statusOnce(
            second,
            now ->
                assertThat(now.drills().flatMap(StatusSnapshot.Drills::last))
                    .hasValueSatisfying(last -> assertThat(last.failed()).isEmpty()));
    StatusSnapshot.Drills drills = status.drills().orElseThrow();
    assertThat(drills.last().orElseThrow().passed()).isTrue();
    assertThat(drills.last().orElseThrow().rtoSeconds()).isPresent();
    assertThat(drills.overdueSince()).isEmpty();
    assertThat(drills.schedule().next().orElseThrow()).isAfter(Instant.now());
    assertThat(
            new OpenApi()
                .faults("GET", "/api/v1/status", 200, get(second, "/api/v1/status").body()))
        .isEmpty();
    assertThat(metrics(second))
        .anyMatch(line -> line.matches("pgbackup_drill_passed\\{.*} 1.0"))
        .anyMatch(line -> line.matches("pgbackup_drill_overdue_seconds\\{.*} 0.0"));
    assertThat(get(second, "/").body()).contains("Last restore on trial", "Next restore on trial");
    assertThat(killed).doesNotExist();
    assertThat(kept).exists();
    assertThat(folder.resolve("drills")).isDirectoryContaining(kept::equals);
    second.close();
    onlyReads(proxy, reader);

    // one that is under way ends with the agent, and leaves nothing
    drill = Optional.of(drills(/* enabled= */ true, "select pg_sleep(3600)"));
    Agent later = started(Clock.offset(Clock.systemUTC(), Duration.ofDays(8)));
    await().atMost(PATIENCE).until(() -> Files.exists(onlyDrill(kept).resolve("server.log")));
    later.close();
    try (var left = Files.list(folder.resolve("drills"))) {
      assertThat(left).containsExactly(kept);
    }
  }

  private CredentialDocument reader(Path file) {
    String bucket = storage.url().getHost();
    CredentialDocument reader =
        new StsSessions(s3, bucket, StoreFolder.of("pgbackup/shop/orders")).mintReaderInto(file);
    try (ObjectStore itself = Stores.open(StsSessions.with(storage, file))) {
      assertThatExceptionOfType(PgBackupException.class)
          .as("it cannot write")
          .isThrownBy(
              () ->
                  itself.create(
                      reader.folder().key("pgbackup/leases/x.json"), new byte[1], Map.of()));
    }
    return reader;
  }

  /// Whatever of a base backup was read was read by it, and the verdict was written without it.
  private static void onlyReads(FaultyProxy proxy, CredentialDocument reader) {
    Predicate<FaultyProxy.Request> its =
        request ->
            request
                .headers()
                .getOrDefault("Authorization", "")
                .contains("Credential=" + reader.keys().accessKeyId() + "/");
    assertThat(proxy.requests().stream().filter(its).map(FaultyProxy.Request::method))
        .isNotEmpty()
        .isSubsetOf("GET", "HEAD");
    assertThat(proxy.requests())
        .filteredOn(request -> request.is("GET", "/tar_partitions/"))
        .isNotEmpty()
        .allMatch(its);
    assertThat(proxy.requests())
        .filteredOn(request -> request.is("PUT", "/pgbackup/drills/"))
        .hasSize(1)
        .noneMatch(its);
  }

  private Path onlyDrill(Path kept) throws IOException {
    try (var folders = Files.list(folder.resolve("drills"))) {
      return folders.filter(it -> !it.equals(kept)).findFirst().orElse(folder.resolve("none"));
    }
  }

  @Test
  void makesUpForARunThatWasMissed() {
    Agent first = besideRunningServer();
    statusOnce(first, AgentIT::isProtected);
    first.close();

    Agent tomorrow = started(Clock.offset(Clock.systemUTC(), Duration.ofDays(1)));

    statusOnce(tomorrow, status -> assertThat(status.backups()).contains(2));
  }

  /// P14.
  @Test
  void bringsTheLastCommitsIntoTheArchiveBeforeItGoes() {
    Agent first = besideRunningServer();
    statusOnce(first, AgentIT::isProtected);
    postgres.sql("alter system set archive_timeout = 0; select pg_reload_conf()");
    postgres.sql("create table t (id int); insert into t values (1)");
    Instant after =
        Instant.parse(
            postgres.value(
                "select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"));

    first.close();

    Agent second = started(Clock.systemUTC());
    StatusSnapshot status = statusOnce(second, AgentIT::isProtected);
    assertThat(status.lastCommit().orElseThrow()).isAfter(after);
  }

  /// P80. The archive would not be listed again before this test has failed.
  @Test
  void knowsABackupWhenItIsTakenAndSaysWhenItLooked() {
    postgres.start();
    Agent agent = started(Clock.systemUTC(), new Pace(QUICK.server(), Duration.ofHours(1)));
    StatusSnapshot first = statusOnce(agent, AgentIT::isProtected);

    assertThat(post(agent).statusCode()).isEqualTo(202);

    StatusSnapshot second =
        statusOnce(
            agent,
            status -> {
              assertThat(status.backups()).contains(2);
              assertThat(status.lastBackup()).isNotEqualTo(first.lastBackup());
            });
    Instant readAt = second.catalogReadAt().orElseThrow();
    assertThat(readAt).isAfter(first.catalogReadAt().orElseThrow());
    assertThat(metrics(agent))
        .filteredOn(line -> line.startsWith("pgbackup_catalog_read_timestamp_seconds{"))
        .singleElement()
        .satisfies(
            line ->
                assertThat(Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                    .isGreaterThanOrEqualTo((double) readAt.getEpochSecond()));
  }

  /// P85.
  @Test
  void staysReadyAndSaysSoWhileTheStoreIsAway() {
    Agent agent = besideRunningServer();
    statusOnce(agent, AgentIT::isProtected);

    s3.stop();

    statusOnce(
        agent,
        status -> {
          assertThat(status.storage().up()).containsEntry("list", false);
          assertThat(status.problems())
              .anySatisfy(problem -> assertThat(problem.about()).isEqualTo("catalog"));
        });
    assertThat(Headline.of(status(agent)).level())
        .as("it was protected once")
        .isEqualTo(Headline.Level.BAD);
    assertThat(metrics(agent))
        .anyMatch(line -> line.matches("pgbackup_storage_up\\{.*op=\"list\".* 0\\.0"));
    assertThat(get(agent, "/readyz").statusCode()).isEqualTo(200);
    assertThat(status(agent).windows()).as("what was known stays known").hasSize(1);

    s3.start();

    statusOnce(
        agent,
        status -> {
          assertThat(status.storage().up()).containsEntry("list", true);
          assertThat(status.problems()).isEmpty();
          assertThat(Headline.of(status).level()).isEqualTo(Headline.Level.GOOD);
        });
  }

  @Test
  void startsWhileTheServerIsDown() {
    Agent agent = started(Clock.systemUTC());

    StatusSnapshot down =
        statusOnce(
            agent,
            status ->
                assertThat(status.problems())
                    .extracting(StatusSnapshot.StandingProblem::about)
                    .contains("postgres", "lineage"));
    assertThat(down.uid()).isEmpty();
    assertThat(down.server().reachable()).isFalse();
    assertThat(get(agent, "/readyz").statusCode()).isEqualTo(200);
    assertThat(metrics(agent))
        .contains("pgbackup_postgres_up{cluster=\"orders\",namespace=\"shop\",uid=\"\"} 0.0")
        .noneMatch(line -> line.startsWith("pgbackup_wal_archive_lag"));

    postgres.start();

    statusOnce(agent, AgentIT::isProtected);
  }

  @Test
  void knowsItsLineageAgainWhileTheServerIsDownSoThatItCanHandOutWal() {
    Agent first = besideRunningServer();
    StatusSnapshot before = statusOnce(first, AgentIT::isProtected);
    postgres.kill();
    first.close();

    Agent second = started(Clock.systemUTC());

    statusOnce(second, status -> assertThat(status.uid()).isEqualTo(before.uid()));
    Path fetched = folder.resolve("fetched");
    assertThat(
            new ArchiveClient(socket(), PATIENCE)
                .fetch(
                    WalFileName.parse("000000010000000000000001"),
                    fetched,
                    before.uid().map(LineageUid::new)))
        .isTrue();
    assertThat(fetched).hasSize(16 << 20);
    assertThat(status(second).server().reachable()).isFalse();
  }

  @Test
  void startsWhileTheStoreIsDown() {
    s3.stop();
    Agent agent = besideRunningServer();

    statusOnce(
        agent,
        status ->
            assertThat(status.problems())
                .extracting(StatusSnapshot.StandingProblem::about)
                .contains("lineage"));
    assertThat(get(agent, "/readyz").statusCode()).isEqualTo(200);
    assertThat(agent.fatal()).isNotDone();
    postgres.sql("create table waits (id int)");
    postgres.sql("select pg_switch_wal()");
    statusOnce(
        agent,
        status -> {
          assertThat(status.archive().lagSeconds()).as("as the server tells it").isPresent();
          assertThat(status.archive().lagSeconds().orElseThrow()).isPositive();
        });
    assertThat(metrics(agent))
        .anyMatch(line -> line.startsWith("pgbackup_wal_archive_lag_seconds{"));

    s3.start();

    statusOnce(
        agent,
        status -> {
          isProtected(status);
          assertThat(status.archive().lagSeconds()).contains(0.0);
        });
  }

  @Test
  void followsTheDataDirectoryIntoAnotherLineage() {
    Agent agent = besideRunningServer();
    StatusSnapshot before = statusOnce(agent, AgentIT::isProtected);
    IdentityFile file = IdentityFile.beside(postgres.dataDirectory());
    Identity old = file.read().orElseThrow();
    LineageUid other = LineageUid.random();

    file.write(new Identity(old.cluster(), other, old.systemIdentifier(), Optional.empty()));

    StatusSnapshot after =
        statusOnce(
            agent,
            status -> {
              assertThat(status.uid()).contains(other.value());
              isProtected(status);
            });
    assertThat(after.backups()).contains(1);
    assertThat(after.lastBackup()).isNotEqualTo(before.lastBackup());
    assertThat(metrics(agent))
        .filteredOn(line -> line.startsWith("pgbackup_"))
        .allMatch(line -> line.contains("uid=\"" + other + "\""));
  }

  @Test
  void refusesWhatAPromotedCopyOfItsServerSends() throws Exception {
    // given: a copy that has no identity and kept its source's archive_command
    Path data = folder.resolve("copy");
    Process copying =
        new ProcessBuilder("cp", "-a", postgres.dataDirectory().toString(), data.toString())
            .start();
    assertThat(copying.waitFor()).isZero();
    Files.createFile(data.resolve("standby.signal"));
    Agent agent = besideRunningServer();
    statusOnce(agent, AgentIT::isProtected);
    Path spool = folder.resolve("copy-spool");
    opened(new ArchiveCommand(spool, socket(), data));
    TestPostgres copy =
        opened(
            TestPostgres.over(
                PostgresRelease.NEWEST,
                data,
                Map.of(
                    "archive_mode",
                    "on",
                    "archive_command",
                    ArchiveCommand.text(spool),
                    // no less than at initdb, or recovery stops
                    "max_connections",
                    "100",
                    "max_worker_processes",
                    "8",
                    "max_wal_senders",
                    "10")));

    // when it goes its own way
    copy.start();
    assertThat(copy.value("select pg_promote()")).isEqualTo("t");

    // then the server goes on alone
    statusOnce(agent, status -> assertThat(status.archive().refused()).isPositive());
    Instant end = status(agent).windows().getFirst().end();
    postgres.sql("create table after_the_copy ()");
    StatusSnapshot after =
        statusOnce(agent, status -> assertThat(status.windows().getFirst().end()).isAfter(end));
    assertThat(after.windows().getFirst().timeline()).isEqualTo(1);
  }

  @Test
  void saysThatItMustNotRunBesideDataOfAnotherCluster() {
    postgres.start();
    IdentityFile.beside(postgres.dataDirectory())
        .write(
            new Identity(
                new ClusterId("shop", "payments"),
                LineageUid.random(),
                SystemIdentifier.parse(
                    postgres.value("select system_identifier from pg_control_system()")),
                Optional.empty()));

    Agent agent = started(Clock.systemUTC());

    assertThat(agent.fatal())
        .succeedsWithin(PATIENCE)
        .isInstanceOf(Problem.Refused.class)
        .extracting(Problem::message)
        .asString()
        .contains("shop/payments");
  }

  @Test
  void saysThatTheServerDoesNotArchive() {
    postgres.configure("archive_mode", "off");

    Agent agent = besideRunningServer();

    statusOnce(
        agent,
        status ->
            assertThat(status.problems())
                .anySatisfy(
                    problem -> {
                      assertThat(problem.about()).isEqualTo("wal");
                      assertThat(problem.problem().message()).contains("archive_mode is off");
                    })
                .anySatisfy(problem -> assertThat(problem.about()).isEqualTo("backup")));
    assertThat(status(agent).unprotectedSince()).isPresent();
    assertThat(metrics(agent))
        .anyMatch(line -> line.matches("pgbackup_backup_failures_total\\{.* 1\\.0"))
        .noneMatch(line -> line.startsWith("pgbackup_backup_last_success"));
  }

  /// Of a stand-in for the API server, which takes what it is given.
  @Test
  void tellsKubernetesWhatCanBeRestoredAndLastThatItHasEnded() throws IOException {
    List<String> written = new CopyOnWriteArrayList<>();
    HttpServer api =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    opened(() -> api.stop(0));
    api.createContext(
        "/",
        exchange -> {
          byte[] body = exchange.getRequestBody().readAllBytes();
          if (body.length > 0 && exchange.getRequestURI().getPath().contains("/configmaps")) {
            written.add(new String(body, UTF_8));
          }
          exchange.sendResponseHeaders(
              exchange.getRequestMethod().equals("GET") ? 404 : 200, body.length + 1);
          exchange.getResponseBody().write(body);
          exchange.getResponseBody().write(' ');
          exchange.close();
        });
    api.start();
    Path token = Files.createDirectory(folder.resolve("token"));
    Files.writeString(token.resolve("token"), "t");
    Files.writeString(token.resolve("namespace"), "shop");
    kubernetes =
        new KubernetesConfig(
            /* enabled= */ true,
            Optional.of("orders-0"),
            Optional.empty(),
            Optional.empty(),
            Optional.of(URI.create("http://127.0.0.1:" + api.getAddress().getPort())),
            token);
    Agent agent = besideRunningServer();

    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(written)
                    .last()
                    .asString()
                    .contains("\"state\":\"Protected\"", "windows"));
    agent.close();

    assertThat(written).last().asString().contains("\"state\":\"The agent is stopped\"", "windows");
  }
}
