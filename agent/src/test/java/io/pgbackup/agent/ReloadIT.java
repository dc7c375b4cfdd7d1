package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgbackup.config.ConfigFile;
import io.pgbackup.config.ConfigLoader;
import io.pgbackup.status.BackupRunView.State;
import io.pgbackup.status.StatusJson;
import io.pgbackup.status.StatusSnapshot;
import io.pgbackup.testing.ArchiveCommand;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.PrivateFile;
import io.pgbackup.testing.RealWalg;
import io.pgbackup.testing.TestKeys;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A running agent takes what changes in its configuration, which lies as Kubernetes mounts it:
/// behind two links, of which one is swapped.
class ReloadIT {
  private static final Pace QUICK = new Pace(Duration.ofMillis(200), Duration.ofMillis(200));
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String QUIET = "backup: { threads: 1 }\n";
  private static final String OFF =
      "backup: { enabled: false }\nwal: { enabled: false, socket: %s }\n";

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private final List<AutoCloseable> open = new ArrayList<>();
  private final HttpClient client = HttpClient.newHttpClient();
  private TestPostgres postgres;
  private Path mount;
  private int versions;
  private Agent agent;

  @BeforeEach
  void protectedServer() throws IOException {
    Files.createDirectory(folder.resolve("store"));
    mount = Files.createDirectory(folder.resolve("mount"));
    Files.createSymbolicLink(mount.resolve("pgbackup.yaml"), Path.of("..data/pgbackup.yaml"));
    postgres =
        opened(
            TestPostgres.builder(PostgresRelease.NEWEST)
                .setting("archive_mode", "on")
                .setting("archive_command", ArchiveCommand.text(folder.resolve("spool")))
                .setting("archive_timeout", "1s")
                .create(folder.resolve("data")));
    opened(new ArchiveCommand(folder.resolve("spool"), socket(), postgres.dataDirectory()));
    postgres.start();
    configure(QUIET + wal(""));
    agent =
        opened(
            new Agent(
                new ConfigFile(mount.resolve("pgbackup.yaml"), new ConfigLoader(Map.of())).load(),
                "1.2.3",
                Clock.systemUTC(),
                QUICK));
    agent.start();
    statusOnce(ReloadIT::isProtected);
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

  private String wal(String more) {
    return "wal: { socket: %s%s }\n".formatted(socket(), more);
  }

  /// Replaces the configuration as a kubelet does.
  private void configure(String sections) {
    String yaml =
        """
        cluster: { name: orders, namespace: shop }
        postgres: { host: %s, port: %d, dataDirectory: %s }
        storage: { url: "file://%s" }
        http: { listen: "127.0.0.1:0" }
        """
            .formatted(
                postgres.configOverSocket().host(),
                postgres.configOverSocket().port(),
                postgres.dataDirectory(),
                folder.resolve("store"));
    try {
      Path version = Files.createDirectory(mount.resolve("..v" + ++versions));
      Files.writeString(version.resolve("pgbackup.yaml"), yaml + sections);
      Path link = Files.createSymbolicLink(mount.resolve("..data_tmp"), version.getFileName());
      Files.move(link, mount.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private String send(HttpRequest.Builder request, String path) {
    int port = agent.address().orElseThrow().getPort();
    try {
      return client
          .send(
              request.uri(URI.create("http://127.0.0.1:" + port + path)).build(),
              BodyHandlers.ofString())
          .body();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private StatusSnapshot status() {
    return StatusJson.read(send(HttpRequest.newBuilder(), "/api/v1/status"), StatusSnapshot.class);
  }

  private StatusSnapshot statusOnce(Consumer<StatusSnapshot> condition) {
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(100))
        .untilAsserted(() -> condition.accept(status()));
    return status();
  }

  private double metric(String name) {
    return send(HttpRequest.newBuilder(), "/metrics")
        .lines()
        .filter(line -> line.startsWith(name + "{"))
        .map(line -> Double.valueOf(line.substring(line.lastIndexOf(' '))))
        .findFirst()
        .orElse(Double.NaN);
  }

  private List<String> stored(String part) {
    try (Stream<Path> files = Files.walk(folder.resolve("store"))) {
      return files.map(Path::toString).filter(path -> path.contains(part)).sorted().toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void takeABackup() {
    send(
        HttpRequest.newBuilder()
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.noBody()),
        "/api/v1/backups");
  }

  /// An instant between two commits of one segment, which is finished: restorable once that is
  /// stored.
  private Instant commit() {
    postgres.sql("create table if not exists t (at timestamptz default clock_timestamp())");
    postgres.sql("insert into t default values");
    Instant at =
        Instant.parse(
            postgres.value(
                "select to_char(clock_timestamp() at time zone 'UTC',"
                    + " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"));
    postgres.sql("insert into t default values; select pg_switch_wal()");
    return at;
  }

  private static void isProtected(StatusSnapshot status) {
    assertThat(status.windows()).hasSize(1);
    assertThat(status.runningBackup()).isEmpty();
  }

  private static boolean covers(StatusSnapshot status, Instant instant) {
    return status.windows().stream()
        .anyMatch(window -> !instant.isBefore(window.start()) && instant.isBefore(window.end()));
  }

  @Test
  void takesAScheduleACodecAndRulesWithoutARestart() {
    StatusSnapshot before = status();
    assertThat(metric("pgbackup_config_reload_success")).isEqualTo(1);
    await().atMost(PATIENCE).until(() -> !stored("/pgbackup/policy/").isEmpty());
    List<String> rules = stored("/pgbackup/policy/");

    configure(
        """
        backup: { schedule: "* * * * *", compression: lz4, timeZone: Europe/Berlin }
        retention: { run: job, keepFull: 9 }
        """
            + wal(", compression: zstd"));
    statusOnce(now -> assertThat(now.schedule().crontab()).isEqualTo("* * * * *"));
    Instant committed = commit();

    StatusSnapshot after =
        statusOnce(
            now -> {
              assertThat(now.backups().orElseThrow()).isGreaterThan(1);
              assertThat(covers(now, committed)).isTrue();
              assertThat(stored("/wal_005/")).anyMatch(path -> path.endsWith(".zst"));
              assertThat(stored("/basebackups_005/")).anyMatch(path -> path.endsWith(".tar.lz4"));
              assertThat(stored("/pgbackup/policy/")).hasSizeGreaterThan(rules.size());
            });
    assertThat(after.uid()).isEqualTo(before.uid());
    assertThat(after.windows()).as("one, through the change").hasSize(1);
    assertThat(after.windows().getFirst().start()).isEqualTo(before.windows().getFirst().start());
    assertThat(after.schedule().timeZone()).isEqualTo("Europe/Berlin");
    assertThat(after.schedule().next()).isPresent();
    assertThat(after.gaps()).isEmpty();
    assertThat(after.archive().failed()).isZero();
    assertThat(after.configuration().orElseThrow().loadedAt())
        .isAfter(before.configuration().orElseThrow().loadedAt());
    assertThat(metric("pgbackup_config_reload_success")).isEqualTo(1);
    assertThat(metric("pgbackup_config_last_reload_success_timestamp_seconds"))
        .isGreaterThan((double) before.at().getEpochSecond());
  }

  /// P92. One that is not slowed has read all of it long before.
  @Test
  void slowsTheNextBaseBackupDown() {
    long rate = 2 << 20;
    Instant before = status().configuration().orElseThrow().loadedAt();
    configure("backup: { threads: 1, maxRate: 2MiB }\n" + wal(""));
    statusOnce(now -> assertThat(now.configuration().orElseThrow().loadedAt()).isAfter(before));
    takeABackup();
    StatusSnapshot first =
        statusOnce(
            now -> {
              assertThat(now.runningBackup()).isPresent();
              assertThat(readBy(now)).isPositive();
            });

    StatusSnapshot later =
        statusOnce(now -> assertThat(now.at()).isAfter(first.at().plusSeconds(2)));

    double seconds = Duration.between(first.at(), later.at()).toMillis() / 1000.0;
    assertThat((double) (readBy(later) - readBy(first)))
        .isPositive()
        .isLessThan(rate * seconds + (1 << 20));
  }

  private static long readBy(StatusSnapshot status) {
    return status.runningBackup().orElseThrow().bytes();
  }

  @Test
  void refusesABrokenChangeAndTakesTheMendedOne() {
    configure("backup: { schedule: \"0 25 * * *\", threds: 2 }\n" + wal(""));

    StatusSnapshot refused =
        statusOnce(
            now ->
                assertThat(now.configuration().orElseThrow().refused().orElse(""))
                    .contains("has 2 problems", "hour '25'", "did you mean 'threads'?"));
    assertThat(refused.schedule().crontab()).isEqualTo("0 2 * * *");
    assertThat(refused.problems())
        .anySatisfy(problem -> assertThat(problem.about()).isEqualTo("configuration"));
    assertThat(metric("pgbackup_config_reload_success")).isZero();
    Instant committed = commit();
    statusOnce(now -> assertThat(covers(now, committed)).as("archiving goes on").isTrue());

    configure("backup: { schedule: \"0 5 * * *\" }\npostgres: { user: alice }\n" + wal(""));
    statusOnce(
        now ->
            assertThat(now.configuration().orElseThrow().refused().orElse(""))
                .contains("Duplicate field 'postgres'"));

    configure("backup: { schedule: \"0 5 * * *\" }\nwal: { socket: /tmp/elsewhere.sock }\n");
    StatusSnapshot fixed =
        statusOnce(
            now ->
                assertThat(now.configuration().orElseThrow().refused().orElse(""))
                    .startsWith("wal.socket cannot change under a running agent"));
    assertThat(fixed.schedule().crontab()).as("all or nothing").isEqualTo("0 2 * * *");
    assertThat(fixed.problems().getFirst().problem().hint().orElse("")).contains("Restart");

    configure("backup: { schedule: \"0 5 * * *\" }\n" + wal(""));
    StatusSnapshot mended =
        statusOnce(now -> assertThat(now.schedule().crontab()).isEqualTo("0 5 * * *"));
    assertThat(mended.configuration().orElseThrow().refused()).isEmpty();
    assertThat(mended.problems()).isEmpty();
    assertThat(metric("pgbackup_config_reload_success")).isEqualTo(1);
  }

  @Test
  void walThatIsOffIsLetGoAndOnlyANewBaseBackupOpensAnotherWindow() {
    configure(OFF.formatted(socket()));
    statusOnce(
        now -> {
          assertThat(now.archive().enabled()).isFalse();
          assertThat(now.schedule().enabled()).isFalse();
        });
    List<String> kept = stored("/wal_005/");
    Instant lost = commit();
    commit();
    StatusSnapshot off = statusOnce(now -> assertThat(now.archive().discarded()).isGreaterThan(1));
    assertThat(postgres.value("select failed_count from pg_stat_archiver")).isEqualTo("0");
    assertThat(off.problems()).isEmpty();
    assertThat(metric("pgbackup_wal_discarded_segments_total")).isGreaterThan(1);
    assertThat(metric("pgbackup_wal_enabled")).isZero();
    assertThat(metric("pgbackup_backup_enabled")).isZero();
    assertThat(metric("pgbackup_wal_archive_lag_seconds")).isNaN();
    assertThat(stored("/wal_005/")).as("nothing is stored").isEqualTo(kept);
    Instant end = off.windows().getLast().end();
    assertThat(end).isBefore(lost);

    // when it is on again, WAL alone opens nothing
    configure("backup: { enabled: false }\n" + wal(""));
    statusOnce(now -> assertThat(now.archive().enabled()).isTrue());
    Instant tooEarly = commit();
    commit();
    StatusSnapshot on =
        statusOnce(
            now -> {
              assertThat(now.gaps()).hasSize(1);
              assertThat(now.gaps().getFirst().state()).isEqualTo("let-go");
            });
    assertThat(on.windows()).hasSize(1);
    assertThat(on.windows().getLast().end()).isEqualTo(end);
    assertThat(metric("pgbackup_wal_archive_lag_seconds")).isNotNaN();

    // and the base backup that does comes by itself
    configure(QUIET + wal(""));
    StatusSnapshot again = statusOnce(now -> assertThat(now.windows()).hasSize(2));
    assertThat(again.backups()).contains(2);
    assertThat(again.windows().getLast().start()).isAfter(tooEarly);
    assertThat(covers(again, lost)).isFalse();
    assertThat(covers(again, tooEarly)).isFalse();
    assertThat(again.problems()).isEmpty();
    assertThat(again.gaps())
        .singleElement()
        .satisfies(gap -> assertThat(gap.state()).isEqualTo("let-go"));
    Instant safe = commit();
    statusOnce(now -> assertThat(covers(now, safe)).isTrue());
    assertThat(status().backups()).as("one pays for the gap").contains(2);
  }

  @Test
  void encryptsOnceTheKeyThatItWasToldOfIsThere() throws IOException {
    Path key = folder.resolve("backup.key");
    configure(
        QUIET
            + wal("")
            + "encryption: { method: libsodium, keyFile: %s, keyTransform: hex }\n".formatted(key));
    statusOnce(
        now ->
            assertThat(now.configuration().orElseThrow().refused().orElse(""))
                .contains(key.toString()));
    PrivateFile.write(key, TestKeys.GOLDEN);
    statusOnce(now -> assertThat(now.configuration().orElseThrow().refused()).isEmpty());
    List<String> plain = stored("/wal_005/");

    Instant committed = commit();
    takeABackup();

    StatusSnapshot after =
        statusOnce(
            now -> {
              assertThat(now.backups()).contains(2);
              assertThat(now.runningBackup()).isEmpty();
              assertThat(covers(now, committed)).isTrue();
            });
    assertThat(after.windows()).as("one, over plain and encrypted WAL").hasSize(1);
    assertThat(after.problems()).isEmpty();
    List<String> encrypted =
        stored("/wal_005/").stream()
            .filter(path -> path.endsWith(".lz4") && !plain.contains(path))
            .toList();
    assertThat(plain).anyMatch(ReloadIT::isPlainLz4);
    assertThat(encrypted.getLast()).matches(path -> !isPlainLz4(path));
    assertThat(stored(after.lastBackup().orElseThrow().name() + "/tar_partitions/")).isNotEmpty();
  }

  private static boolean isPlainLz4(String path) {
    try {
      byte[] content = Files.readAllBytes(Path.of(path));
      return content.length > 4 && content[0] == 0x04 && content[1] == 0x22 && content[2] == 0x4d;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void givesWalToARealWalgAndTakesItBack() {
    Path binary = RealWalg.binary();
    configure(QUIET + wal("") + "engine: { wal: wal-g, walgBinary: %s }\n".formatted(binary));
    statusOnce(now -> assertThat(now.engines().orElseThrow().wal()).isEqualTo("wal-g"));
    Instant byWalg = commit();
    statusOnce(now -> assertThat(covers(now, byWalg)).isTrue());

    configure(QUIET + wal(""));
    statusOnce(now -> assertThat(now.engines().orElseThrow().wal()).isEqualTo("embedded"));
    Instant byUs = commit();
    StatusSnapshot after = statusOnce(now -> assertThat(covers(now, byUs)).isTrue());

    assertThat(after.windows()).hasSize(1);
    assertThat(after.gaps()).isEmpty();
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(ProcessHandle.current().descendants())
                    .as("its daemon is gone")
                    .noneMatch(
                        process ->
                            process
                                .info()
                                .command()
                                .filter(binary.toString()::equals)
                                .isPresent()));
  }

  @Test
  void aBaseBackupThatSomebodyAsksForIsWholeAlsoWhileWalIsLetGo() {
    configure(OFF.formatted(socket()));
    statusOnce(now -> assertThat(now.archive().enabled()).isFalse());
    commit();
    statusOnce(now -> assertThat(now.archive().discarded()).isPositive());

    takeABackup();

    StatusSnapshot taken =
        statusOnce(
            now -> {
              assertThat(now.backups()).contains(2);
              assertThat(now.lastRun().orElseThrow().state()).isEqualTo(State.COMPLETED);
              assertThat(now.windows()).hasSize(2);
            });
    assertThat(taken.lastBackup().orElseThrow().finishTime())
        .isEqualTo(taken.windows().getLast().start());
    long before = taken.archive().discarded();
    Instant lost = commit();
    statusOnce(now -> assertThat(now.archive().discarded()).isGreaterThan(before));
    assertThat(covers(status(), lost)).isFalse();
  }
}
