package io.pgbackup.agent;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgbackup.config.ConfigLoader;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.status.BackupRunView.State;
import io.pgbackup.status.StatusJson;
import io.pgbackup.status.StatusSnapshot;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.ArchiveCommand;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.FaultyProxy;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.RealWalg;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.StsSessions;
import io.pgbackup.testing.TestPostgres;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Object;

/// The agent, its base backup and its stream of WAL under credentials that change and end. At each
/// rotation the old session is revoked first: to MinIO, which grants none shorter than 15 minutes,
/// that is the same as its expiry, `InvalidAccessKeyId`.
class CredentialRotationIT {
  private static final Pace QUICK = new Pace(Duration.ofMillis(200), Duration.ofMillis(500));
  private static final Duration PATIENCE = Duration.ofMinutes(6);
  private static final Pattern UPLOAD = Pattern.compile("^/[^/]+/([^?]+)\\?.*uploadId=([^&]+)");
  private static final Pattern SEGMENT = Pattern.compile("wal_005/([0-9A-F]{24})\\.lz4$");

  private static final String READY =
      "select count(*) from pg_ls_archive_statusdir() where name like '%.ready'";
  private static final String READY_AND_GONE =
      READY + " and replace(name, '.ready', '') not in (select name from pg_ls_waldir())";

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private final List<AutoCloseable> open = new ArrayList<>();
  private final HttpClient client = HttpClient.newHttpClient();
  private String bucket;
  private S3Server s3;
  private FaultyProxy proxy;
  private StsSessions sessions;
  private Path file;
  private TestPostgres postgres;
  private @Nullable Agent agent;

  @BeforeEach
  void serverWithContent() {
    s3 = opened(S3Server.own());
    bucket = s3.newBucket();
    proxy = opened(FaultyProxy.before(s3.endpoint()));
    sessions = new StsSessions(s3, bucket, StoreFolder.of("pgbackup/shop/orders"));
    file = folder.resolve("credentials.json");
    sessions.mintInto(file);
    postgres =
        opened(
            TestPostgres.builder(PostgresRelease.NEWEST)
                .archivingBy(folder.resolve("spool"))
                .setting("autovacuum", "off")
                .create(folder.resolve("data")));
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

  private void start(String more) {
    start("", more);
  }

  /// @param backup more of the section
  private void start(String backup, String more) {
    postgres.start();
    PgBackupConfig config =
        new ConfigLoader(Map.of())
            .parse(
                "the test's",
                """
                cluster: { name: orders, namespace: shop }
                postgres: { host: %s, port: %d, dataDirectory: %s }
                storage: { url: "s3://%s", endpoint: "%s", credentials: { file: %s } }
                wal: { socket: %s }
                backup: { compression: none, threads: 1%s }
                http: { listen: "127.0.0.1:0" }
                %s
                """
                    .formatted(
                        postgres.configOverSocket().host(),
                        postgres.configOverSocket().port(),
                        postgres.dataDirectory(),
                        bucket,
                        proxy.endpoint(),
                        file,
                        socket(),
                        backup,
                        more));
    agent = opened(new Agent(config, "1.2.3", Clock.systemUTC(), QUICK));
  }

  private String get(String path) {
    try {
      URI uri =
          URI.create(
              "http://127.0.0.1:" + requireNonNull(agent).address().orElseThrow().getPort() + path);
      return client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).body();
    } catch (java.io.IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private StatusSnapshot once(Consumer<StatusSnapshot> condition) {
    var seen = new ArrayList<StatusSnapshot>();
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(100))
        .untilAsserted(
            () -> {
              StatusSnapshot now = StatusJson.read(get("/api/v1/status"), StatusSnapshot.class);
              condition.accept(now);
              seen.add(now);
            });
    return seen.getLast();
  }

  private String expired() {
    return get("/metrics")
        .lines()
        .filter(line -> line.startsWith("pgbackup_credential_expired{"))
        .findFirst()
        .orElse("");
  }

  private long parts() {
    return proxy.requests().stream().filter(request -> request.is("PUT", "partNumber=")).count();
  }

  private void awaitParts(long count) {
    await().atMost(PATIENCE).pollInterval(Duration.ofMillis(5)).until(() -> parts() >= count);
  }

  private void rotate() {
    sessions.revokeAll();
    sessions.mintInto(file);
  }

  private void commit(int number) {
    postgres.sql("insert into orders values (%d); select pg_switch_wal()".formatted(number));
  }

  /// P57.
  @Test
  void aBaseBackupAndAStreamOfWalGoThroughRotationsAndAnExpiry() {
    // given: so much that packs to nothing less, as many parts
    start("");
    fill();
    requireNonNull(agent).start();
    Thread orders = Thread.ofPlatform().daemon().start(this::commitUntilInterrupted);
    opened(
        () -> {
          orders.interrupt();
          orders.join();
        });

    // when: three rotations while the parts of one base backup go up
    awaitParts(1);
    rotate();
    awaitParts(2);
    rotate();
    awaitParts(3);
    rotate();

    // and the credential ends, and nobody brings another
    sessions.revokeAll();
    StatusSnapshot ended =
        once(
            status -> {
              assertThat(status.storage().credential().orElseThrow().expired()).isTrue();
              assertThat(status.problems())
                  .anySatisfy(
                      problem -> {
                        assertThat(problem.about()).isEqualTo("credential");
                        assertThat(problem.problem().message())
                            .startsWith(
                                "credential expired: the store refuses that of the archiver")
                            .contains(file.toString());
                        assertThat(problem.problem().hint().orElseThrow())
                            .contains("pgbackup credentials rotate");
                      });
            });
    assertThat(expired()).endsWith(" 1.0");
    assertThat(ended.lastBackup()).isEmpty();

    // then: a new file is all it takes
    sessions.mintInto(file);
    StatusSnapshot status =
        once(
            now -> {
              assertThat(now.lastRun()).isPresent();
              assertThat(now.lastRun().orElseThrow().state()).isEqualTo(State.COMPLETED);
              assertThat(now.windows()).hasSize(1);
            });
    assertThat(status.backups()).contains(1);
    assertThat(get("/metrics"))
        .as("the first attempt was the one")
        .containsPattern("pgbackup_backup_failures_total\\{[^}]*} 0\\.0");
    assertThat(expired()).endsWith(" 0.0");
    assertThat(status.problems())
        .noneSatisfy(problem -> assertThat(problem.about()).isEqualTo("credential"));
    Map<String, Set<String>> uploads = uploads();
    assertThat(uploads).as("objects in parts").isNotEmpty();
    assertThat(uploads.values()).as("each under one upload id").allMatch(ids -> ids.size() == 1);
    assertThat(keys()).containsAll(uploads.keySet());
    everyAckedSegmentIsStored();
  }

  @Test
  void walGoesThroughRotationsWithARealWalgAsWell() {
    // given
    start("engine: { wal: wal-g, walgBinary: %s, backup: embedded }".formatted(RealWalg.binary()));
    requireNonNull(agent).start();
    postgres.sql("create table orders (id int)");
    once(now -> assertThat(now.windows()).hasSize(1));

    for (int rotation = 1; rotation <= 3; rotation++) {
      // when: the old one lives on, for its child asks again only every minute
      sessions.mintInto(file);
      commit(rotation);
      String acked = acked();
      once(now -> assertThat(acked()).isGreaterThan(acked));
    }

    // then
    everyAckedSegmentIsStored();
  }

  /// Takes minutes: wal-g tries again by itself, each time later.
  @Test
  @Tag("matrix")
  void aBaseBackupAndWalGoThroughAnExpiryWithARealWalgAsWell() {
    // given
    start(
        ", maxRate: 10MiB",
        "engine: { wal: wal-g, backup: wal-g, walgBinary: %s }".formatted(RealWalg.binary()));
    fill();
    requireNonNull(agent).start();

    // when: the credential ends while wal-g sends parts, and nobody brings another
    awaitParts(1);
    sessions.revokeAll();
    StatusSnapshot ended =
        once(
            status -> {
              assertThat(status.storage().credential().orElseThrow().expired()).isTrue();
              assertThat(status.problems())
                  .anySatisfy(
                      problem -> {
                        assertThat(problem.about()).isEqualTo("credential");
                        assertThat(problem.problem().message()).startsWith("credential expired:");
                      });
            });
    assertThat(expired()).endsWith(" 1.0");
    assertThat(ended.lastBackup()).isEmpty();
    String acked = acked();
    commit(1);
    commit(2);

    // then: PostgreSQL keeps what nobody took
    assertThat(acked()).isEqualTo(acked);
    assertThat(postgres.value(READY)).matches("[1-9][0-9]*");
    assertThat(postgres.value(READY_AND_GONE)).isEqualTo("0");

    // and a new file is all it takes
    sessions.mintInto(file);
    once(
        now -> {
          assertThat(now.lastRun()).isPresent();
          assertThat(now.lastRun().orElseThrow().state()).isEqualTo(State.COMPLETED);
          assertThat(now.windows()).hasSize(1);
        });
    assertThat(expired()).endsWith(" 0.0");
    everyAckedSegmentIsStored();
  }

  private void commitUntilInterrupted() {
    for (int number = 1; !Thread.currentThread().isInterrupted(); number++) {
      commit(number);
      try {
        Thread.sleep(1000);
      } catch (InterruptedException _) {
        return;
      }
    }
  }

  private void fill() {
    postgres.sql(
        "create table ballast as select string_agg(decode(md5((i * 64 + j)::text), 'hex'), '')"
            + " from generate_series(1, 50000) i, generate_series(1, 64) j group by i");
    postgres.sql("create table orders (id int)");
  }

  private String acked() {
    return postgres.value("select coalesce(last_archived_wal, '') from pg_stat_archiver");
  }

  private Map<String, Set<String>> uploads() {
    Map<String, Set<String>> uploads = new TreeMap<>();
    proxy
        .requests()
        .forEach(
            request -> {
              Matcher upload = UPLOAD.matcher(request.target());
              if (upload.find()) {
                uploads.computeIfAbsent(upload.group(1), _ -> new TreeSet<>()).add(upload.group(2));
              }
            });
    return uploads;
  }

  private List<String> keys() {
    try (S3Client bare = s3.client()) {
      return bare.listObjectsV2Paginator(request -> request.bucket(bucket)).contents().stream()
          .map(S3Object::key)
          .toList();
    }
  }

  /// PostgreSQL gives a segment back once it is acknowledged, so each one from the first on that it
  /// was told of must lie in the store.
  private void everyAckedSegmentIsStored() {
    commit(0);
    String last = postgres.value("select pg_walfile_name(pg_current_wal_lsn())");
    commit(0);
    await()
        .atMost(PATIENCE)
        .until(() -> acked().matches("[0-9A-F]{24}") && acked().compareTo(last) >= 0);
    var stored = new TreeSet<Long>();
    for (String key : keys()) {
      Matcher segment = SEGMENT.matcher(key);
      if (segment.find()) {
        stored.add(number(segment.group(1)));
      }
    }
    assertThat(stored).containsAll(LongStream.rangeClosed(1, number(last)).boxed().toList());
  }

  /// 256 segments of 16 MiB in each of 4 GiB.
  private static long number(String segment) {
    return Long.parseLong(segment.substring(8, 16), 16) * 256
        + Long.parseLong(segment.substring(16), 16);
  }
}
