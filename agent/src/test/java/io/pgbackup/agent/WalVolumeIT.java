package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.config.ConfigLoader;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.restore.RecoveryTarget;
import io.pgbackup.restore.RestoreBench;
import io.pgbackup.restore.RestoreDestination;
import io.pgbackup.restore.RestoreListener;
import io.pgbackup.restore.RestorePlanner;
import io.pgbackup.status.StatusJson;
import io.pgbackup.status.StatusSnapshot;
import io.pgbackup.testing.ArchiveCommand;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.FaultyProxy;
import io.pgbackup.testing.FaultyProxy.Fault;
import io.pgbackup.testing.FaultyProxy.Request;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.TestArchive;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// P20: the store is away until the volume of `pg_wal` is full and PostgreSQL stops. The volume is
/// a file system in memory, which only root can make.
@Tag("matrix")
class WalVolumeIT {
  private static final Pace QUICK = new Pace(Duration.ofMillis(200), Duration.ofMillis(200));
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  /// At once, as long as nothing waits.
  private static final int USUAL = 4;

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private final HttpClient client = HttpClient.newHttpClient();
  private final AtomicInteger confirmed = new AtomicInteger();
  private Path volume;
  private boolean mounted;

  @BeforeEach
  void mount() throws Exception {
    volume = Files.createDirectory(folder.resolve("volume"));
    mounted = run("mount", "-t", "tmpfs", "-o", "size=256m,mode=755", "tmpfs", volume.toString());
    assumeTrue(mounted, "a file system of its own cannot be mounted here");
  }

  @AfterEach
  void unmount() throws Exception {
    client.close();
    if (mounted) {
      assertThat(run("umount", volume.toString())).isTrue();
    }
  }

  private static boolean run(String... command) throws Exception {
    return new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start()
            .waitFor()
        == 0;
  }

  @Test
  void isToldOfBeforeItIsFullAndNothingIsLostWhenItWas() throws Exception {
    S3Server s3 = S3Server.shared();
    String bucket = s3.newBucket();
    try (FaultyProxy proxy = FaultyProxy.before(s3.endpoint());
        TestArchive direct = TestArchive.s3(s3.storageConfig(bucket));
        TestPostgres postgres = server();
        ArchiveCommand _ =
            new ArchiveCommand(folder.resolve("spool"), socket(), postgres.dataDirectory());
        Agent agent =
            new Agent(
                config(postgres, s3, bucket, proxy.endpoint()), "1", Clock.systemUTC(), QUICK)) {
      agent.start();
      once(agent, now -> assertThat(now.windows()).hasSize(1));
      proxy.refuse();

      once(
          agent,
          now -> {
            write(postgres, 50);
            assertThat(level(now)).contains("critical");
          });
      assertThat(get(agent, "/metrics"))
          .containsPattern("pgbackup_wal_outage_level\\{[^}]*} 2\\.0");
      assertThat(status(agent).problems())
          .anySatisfy(
              problem -> {
                assertThat(problem.about()).isEqualTo("volume");
                assertThat(problem.problem().hint().orElseThrow())
                    .contains("Delete nothing in pg_wal");
              });

      fill(postgres);
      assertThat(postgres.log()).contains("No space left on device");
      assertThat(run("mount", "-o", "remount,size=1g", volume.toString())).isTrue();
      postgres.kill();
      postgres.start();
      assertThat(level(status(agent))).as("nobody has stored anything yet").contains("critical");
      Instant written = storeWhatWaits(proxy, postgres);

      StatusSnapshot after =
          once(
              agent,
              now -> {
                assertThat(now.lastCommit())
                    .hasValueSatisfying(at -> assertThat(at).isAfter(written));
                assertThat(level(now)).contains("normal");
              });
      assertThat(after.gaps()).isEmpty();
      assertThat(after.archive().refused()).isZero();
      assertThat(after.problems()).isEmpty();
      assertThat(restored(direct, written))
          .isGreaterThanOrEqualTo(confirmed.get())
          .isEqualTo(Integer.parseInt(postgres.value("select count(*) - 1 from t")));
    }
  }

  private TestPostgres server() throws IOException {
    Path wal = Files.createDirectory(volume.resolve("wal"));
    ServerUser.forNewDirectory().own(wal);
    TestPostgres postgres =
        TestPostgres.builder(PostgresRelease.NEWEST)
            .initdb("--wal-segsize=1")
            .initdb("--waldir=" + wal)
            .archivingBy(folder.resolve("spool"))
            .create(folder.resolve("data"));
    postgres.start();
    postgres.sql("create table t (id int, filler text)");
    return postgres;
  }

  private Path socket() {
    return folder.resolve("archive.sock");
  }

  private PgBackupConfig config(TestPostgres postgres, S3Server s3, String bucket, URI endpoint) {
    try (TestArchive broken = TestArchive.s3(s3.storageConfig(bucket, endpoint))) {
      return new ConfigLoader(Map.of())
          .parse(
              "the test's",
              """
              cluster: { name: orders }
              postgres: { host: %s, port: %d, dataDirectory: %s }
              %s
              wal: { socket: %s }
              http: { listen: "127.0.0.1:0" }
              """
                  .formatted(
                      postgres.socketDirectory(),
                      postgres.port(),
                      postgres.dataDirectory(),
                      broken.yaml(),
                      socket()));
    }
  }

  private void write(TestPostgres postgres, int rows) {
    postgres.sql(
        "insert into t select i, repeat(md5(i::text), 60) from generate_series(1, %d) i"
            .formatted(rows));
    confirmed.addAndGet(rows);
  }

  private void fill(TestPostgres postgres) {
    try {
      while (true) {
        write(postgres, 500);
      }
    } catch (IllegalStateException _) {
      // PostgreSQL stops when it cannot write WAL
    }
  }

  /// Everything but the first waits until more is under way than usual.
  private static Instant storeWhatWaits(FaultyProxy proxy, TestPostgres postgres) {
    AtomicInteger seen = new AtomicInteger();
    AtomicInteger underWay = new AtomicInteger();
    CountDownLatch enough = new CountDownLatch(1);
    try (FaultyProxy.Storm _ =
        proxy.storm(
            request -> isSegment(request) && holds(seen, underWay, enough),
            new Fault.LoseRequest())) {
      proxy.acceptAgain();
      await().atMost(PATIENCE).until(() -> underWay.get() > USUAL);
      enough.countDown();
    }
    Instant written =
        Instant.parse(
            postgres.value(
                "select to_char(clock_timestamp() at time zone 'UTC',"
                    + " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"));
    postgres.sql("insert into t values (0)");
    // after a crash PostgreSQL heeds archive_timeout only minutes later
    postgres.sql("select pg_switch_wal()");
    return written;
  }

  private static boolean isSegment(Request request) {
    return request.is("PUT", "/wal_005/0");
  }

  /// @return false: nothing breaks
  private static boolean holds(AtomicInteger seen, AtomicInteger underWay, CountDownLatch enough) {
    if (seen.getAndIncrement() > 0) {
      underWay.incrementAndGet();
      try {
        enough.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    return false;
  }

  private static Optional<String> level(StatusSnapshot status) {
    return status.archive().outage().map(StatusSnapshot.Outage::state);
  }

  private StatusSnapshot once(Agent agent, Consumer<StatusSnapshot> condition) {
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(300))
        .untilAsserted(() -> condition.accept(status(agent)));
    return status(agent);
  }

  private StatusSnapshot status(Agent agent) {
    return StatusJson.read(get(agent, "/api/v1/status"), StatusSnapshot.class);
  }

  private String get(Agent agent, String path) {
    try {
      URI uri =
          URI.create(
              "http://127.0.0.1:%d%s".formatted(agent.address().orElseThrow().getPort(), path));
      return client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).body();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private int restored(TestArchive archive, Instant instant) {
    Catalog reader = new Catalog(archive.store());
    List<LineageCatalog> catalogs =
        reader.lineages(PrefixTemplate.DEFAULT).stream().map(reader::read).toList();
    Path target = folder.resolve("restored");
    new RestoreBench(archive.store(), PostgresRelease.NEWEST)
        .runner()
        .run(
            new RestorePlanner(ZoneOffset.UTC)
                .plan(
                    catalogs.getFirst().lineage().cluster(),
                    catalogs,
                    Optional.empty(),
                    new RecoveryTarget.AtTime(instant)),
            new RestoreDestination.NewDirectory(target, Optional.empty()),
            RestoreListener.SILENT);
    try (TestPostgres server =
        TestPostgres.over(PostgresRelease.NEWEST, target, Map.of("archive_mode", "off"))) {
      return Integer.parseInt(server.start().value("select count(*) from t"));
    }
  }
}
