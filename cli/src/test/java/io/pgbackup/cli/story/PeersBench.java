package io.pgbackup.cli.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgbackup.cli.story.Meter.Cost;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.TestAuthority;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Base backups, restores, single segments and memory beside stock wal-g and pgBackRest, of one
/// server and over TLS to one MinIO on the same machine. Asserts only that what was restored is
/// whole. No part of the build; docs/benchmarks.md says how to run it.
class PeersBench {
  /// Six rows in a page, some 1.4 GiB.
  private static final int ROWS = 1_100_000;

  private static final int SEGMENTS = 24;
  private static final int ROUNDS = 2;
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private final List<String> table = new ArrayList<>();
  private Meter meter;
  private S3Server s3;
  private ProtectedServer server;
  private StockPeers peers;
  private Map<String, String> walg;
  private String restBucket;
  private Process daemon;
  private Path client;

  @BeforeEach
  void server() throws Exception {
    meter = new Meter(folder);
    TestAuthority authority = TestAuthority.in(folder);
    s3 = S3Server.secured(authority.serverFiles("ip:127.0.0.1"));
    restBucket = s3.newBucket();
    server =
        new ProtectedServer(
            PostgresRelease.OLDER,
            folder,
            TestAuthority.trusting(s3.storageConfig(s3.newBucket()), authority.certificateFile()),
            "backup: { schedule: \"0 5 1 1 *\", compression: lz4 }\n");
    peers = new StockPeers(server.postgres(), folder);
    client = peers.staticClient();
    walg = new HashMap<>(peers.walgSettings(s3, s3.newBucket(), "lz4"));
    walg.put("WALG_S3_CA_CERT_FILE", authority.certificateFile().toString());
    daemon = peers.daemon(walg, server.postgres().dataDirectory(), walgSocket());
  }

  @AfterEach
  void end() {
    daemon.destroy();
    server.close();
    s3.close();
  }

  @Test
  void besideTheOthers() throws Exception {
    measure();
    System.out.println("| what | who | wall s | cpu s | MiB |\n| --- | --- | --- | --- | --- |");
    table.forEach(System.out::println);
  }

  private void measure() throws Exception {
    server.awaitBackups(server.uid(), 1);
    Thread.sleep(20_000);
    note("idle, resident", "pgbackup agent", Meter.residentMib(server.agent().pid()));
    note("idle, resident", "wal-g daemon", Meter.residentMib(daemon.pid()));
    archiveByClient();
    load();
    for (int round = 0; round < ROUNDS; round++) {
      backups();
    }
    restores("lz4");
    segmentsOneByOne();
    backlog();
    note("whole run, peak", "pgbackup agent", Meter.peakMib(server.agent().pid()));
    note("whole run, peak", "wal-g daemon", Meter.peakMib(daemon.pid()));
    Thread.sleep(20_000);
    note("after the run, resident", "pgbackup agent", Meter.residentMib(server.agent().pid()));
    note("after the run, resident", "wal-g daemon", Meter.residentMib(daemon.pid()));
    restoresOfZstd();
  }

  private void archiveByClient() {
    TestPostgres postgres = server.postgres();
    postgres.configure(
        "archive_command", client + " --socket " + folder.resolve("archive.sock") + " push %p");
    postgres.reload();
  }

  private Path walgSocket() {
    return folder.resolve("walg.sock");
  }

  private void load() {
    TestPostgres postgres = server.postgres();
    // or it works through the table beside what is measured
    postgres.configure("autovacuum", "off");
    postgres.configure("max_wal_size", "16GB");
    postgres.configure("wal_keep_size", "16GB");
    postgres.reload();
    postgres.sql("create table big (id int, filler text) with (fillfactor = 85)");
    postgres.sql("alter table big alter column filler set storage plain");
    postgres.sql(
        "insert into big select i, %s from generate_series(1, %d) i".formatted(filler(), ROWS));
    postgres.sql("create index on big (id)");
    postgres.sql("vacuum (freeze, analyze) big");
    postgres.sql("checkpoint");
    server.archiveEverything();
  }

  /// Text of 1056 characters that compresses about as well as real rows do.
  private static String filler() {
    List<String> parts = new ArrayList<>();
    for (int part = 0; part < 11; part++) {
      parts.add("md5('" + part + "' || i::text || random()::text)");
    }
    return "repeat(" + String.join(" || ", parts) + ", 3)";
  }

  private void backups() throws Exception {
    double before = Meter.cpu(server.agent().pid());
    long start = System.nanoTime();
    server.mustDo("backup");
    double wall = (System.nanoTime() - start) / 1e9;
    row(
        "base backup, lz4",
        "pgbackup",
        new Cost(
            wall, Meter.cpu(server.agent().pid()) - before, Meter.peakMib(server.agent().pid())));
    String data = server.postgres().dataDirectory().toString();
    row(
        "base backup, lz4",
        "wal-g",
        meter.run(walg, List.of(peers.walg().toString(), "backup-push", data)));
    row(
        "base backup, lz4",
        "wal-g --verify",
        meter.run(walg, List.of(peers.walg().toString(), "backup-push", data, "--verify")));
    if (StockPeers.pgBackRest().isPresent()) {
      if (!Files.exists(folder.resolve("rest-lock"))) {
        meter.run(Map.of(), rest("stanza-create"));
      }
      row("base backup, lz4", "pgbackrest", meter.run(Map.of(), rest("backup", "--type=full")));
    }
  }

  private List<String> rest(String... words) throws IOException {
    return peers.pgBackRest(s3, restBucket, server.postgres().dataDirectory(), words);
  }

  private void restoresOfZstd() throws Exception {
    Path configuration = server.configuration();
    Files.writeString(configuration, Files.readString(configuration).replace("lz4", "zstd"));
    server.restartAgent();
    archiveByClient();
    walg.put("WALG_COMPRESSION_METHOD", "zstd");
    server.mustDo("backup");
    meter.run(
        walg,
        List.of(
            peers.walg().toString(), "backup-push", server.postgres().dataDirectory().toString()));
    restores("zstd");
  }

  /// To a server that has recovered everything, from base backups taken one right after the other.
  private void restores(String codec) throws Exception {
    String name = "restore and recovery, " + codec;
    server.archiveEverything();
    for (String segment : peers.finished()) {
      meter.run(walg, List.of(peers.walg().toString(), "wal-push", wal(segment).toString()));
      if (StockPeers.pgBackRest().isPresent()) {
        meter.run(Map.of(), rest("archive-push", wal(segment).toString()));
      }
    }
    String expected = checksum(server.postgres());
    Path ours = folder.resolve("ours-" + codec);
    Cost restored =
        meter.run(
            Map.of(),
            List.of(
                folder.resolve("installation/cli/pgbackup").toString(),
                "--config",
                server.configuration().toString(),
                "restore",
                "--cluster",
                "orders",
                "--latest",
                "--target-dir",
                ours.toString(),
                "--pg-bin-dir",
                server.binaries()));
    row(name, "pgbackup", restored);
    isWhole(ours, Map.of("archive_mode", "off"), expected);

    Path theirs = folder.resolve("theirs-" + codec);
    Cost fetched =
        meter.run(
            walg, List.of(peers.walg().toString(), "backup-fetch", theirs.toString(), "LATEST"));
    row("restore without recovery, " + codec, "wal-g", fetched);
    recover(
        name,
        "wal-g",
        theirs,
        "env " + words(walg) + " " + peers.walg() + " wal-fetch %f %p",
        fetched,
        expected);
    // it keeps the codec that it began with
    if ("lz4".equals(codec) && StockPeers.pgBackRest().isPresent()) {
      Path third = Files.createDirectories(folder.resolve("third"));
      Cost rested = meter.run(Map.of(), peers.pgBackRest(s3, restBucket, third, "restore"));
      row("restore without recovery, lz4", "pgbackrest", rested);
    }
  }

  private static String words(Map<String, String> environment) {
    return environment.entrySet().stream()
        .map(entry -> entry.getKey() + "=" + entry.getValue())
        .sorted()
        .reduce((left, right) -> left + " " + right)
        .orElseThrow();
  }

  private void recover(
      String what, String who, Path data, String command, Cost fetched, String expected)
      throws IOException {
    Files.createFile(data.resolve("recovery.signal"));
    ServerUser.forNewDirectory().ownTree(data);
    long start = System.nanoTime();
    isWhole(data, Map.of("restore_command", command, "archive_mode", "off"), expected);
    double recovery = (System.nanoTime() - start) / 1e9;
    row(what, who, new Cost(fetched.wall() + recovery, fetched.cpu(), fetched.peakMib()));
  }

  private void isWhole(Path data, Map<String, String> settings, String expected) {
    try (TestPostgres restored = TestPostgres.over(PostgresRelease.OLDER, data, settings)) {
      restored.start();
      await()
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(20))
          .until(() -> restored.value("select pg_is_in_recovery()"), "f"::equals);
      assertThat(checksum(restored)).isEqualTo(expected);
    }
  }

  private static String checksum(TestPostgres postgres) {
    return postgres.value(
        "select count(*) || ' ' || sum(hashtext(filler)) from big where id % 50 = 0");
  }

  private Path wal(String segment) {
    return server.postgres().dataDirectory().resolve("pg_wal").resolve(segment);
  }

  private Path ready(String segment) {
    return server
        .postgres()
        .dataDirectory()
        .resolve("pg_wal/archive_status")
        .resolve(segment + ".ready");
  }

  /// Fresh segments that nobody has archived; PostgreSQL calls them ready and cannot send them.
  private List<String> held() throws IOException {
    TestPostgres postgres = server.postgres();
    postgres.configure("archive_command", "false");
    postgres.reload();
    String from =
        postgres.value("select pg_walfile_name(pg_current_wal_lsn()) from pg_switch_wal()");
    int first = 0;
    List<String> all;
    do {
      postgres.sql(
          "update big set filler = reverse(filler) where id between %d and %d"
              .formatted(first, first + 2_000));
      first += 2_000;
      all = peers.finished().stream().filter(name -> name.compareTo(from) > 0).toList();
    } while (all.size() < SEGMENTS);
    return all;
  }

  private interface Push {
    void send(String segment) throws Exception;
  }

  /// As at work: one segment becomes ready and is sent.
  private void segmentsOneByOne() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      List<String> held = held();
      for (String segment : held) {
        Files.deleteIfExists(ready(segment));
      }
      pushed(
          "a segment pushed",
          "pgbackup, its own client",
          held.subList(0, SEGMENTS / 2),
          true,
          this::byUs);
      pushed(
          "a segment pushed",
          "pgbackup, walg-daemon-client",
          held.subList(SEGMENTS / 2, SEGMENTS),
          true,
          segment -> byDaemonClient(folder.resolve("archive.sock"), segment));
      pushed(
          "a segment pushed",
          "wal-g daemon",
          held.subList(0, SEGMENTS / 2),
          true,
          segment -> byDaemonClient(walgSocket(), segment));
      pushed(
          "a segment pushed",
          "wal-g wal-push",
          held.subList(SEGMENTS / 2, SEGMENTS),
          true,
          segment ->
              meter.run(
                  walg, List.of(peers.walg().toString(), "wal-push", wal(segment).toString())));
      if (StockPeers.pgBackRest().isPresent()) {
        pushed(
            "a segment pushed",
            "pgbackrest",
            held.subList(0, SEGMENTS),
            true,
            segment -> meter.run(Map.of(), rest("archive-push", wal(segment).toString())));
      }
      fetched(held.subList(0, SEGMENTS));
    }
  }

  /// As after an outage: all of them are ready.
  private void backlog() throws Exception {
    List<String> held = held();
    pushed("one of a backlog pushed", "pgbackup, its own client", held, false, this::byUs);
    pushed(
        "one of a backlog pushed",
        "wal-g daemon",
        held,
        false,
        segment -> byDaemonClient(walgSocket(), segment));
  }

  private void pushed(String what, String who, List<String> segments, boolean oneReady, Push push)
      throws Exception {
    double agent = Meter.cpu(server.agent().pid());
    double theirs = Meter.cpu(daemon.pid());
    long start = System.nanoTime();
    for (String segment : segments) {
      if (oneReady) {
        Files.createFile(ready(segment));
      }
      push.send(segment);
      if (oneReady) {
        Files.delete(ready(segment));
      }
    }
    double wall = (System.nanoTime() - start) / 1e9;
    double cpu = Meter.cpu(server.agent().pid()) - agent + Meter.cpu(daemon.pid()) - theirs;
    row(what, who, new Cost(wall / segments.size(), cpu / segments.size(), 0));
  }

  private void byUs(String segment) throws Exception {
    run(
        List.of(
            client.toString(),
            "--socket",
            folder.resolve("archive.sock").toString(),
            "push",
            wal(segment).toString()));
  }

  private void byDaemonClient(Path socket, String segment) throws Exception {
    run(List.of(StockPeers.daemonClient(), socket.toString(), "wal-push", segment));
  }

  /// Without the meter, whose looks would count.
  private static void run(List<String> command) throws Exception {
    Process process = new ProcessBuilder(command).inheritIO().start();
    assertThat(process.waitFor()).as("%s", command).isZero();
  }

  private void fetched(List<String> segments) throws Exception {
    Path target = folder.resolve("fetched");
    pushed(
        "a segment fetched",
        "pgbackup, its own client",
        segments,
        false,
        segment -> {
          run(
              List.of(
                  client.toString(),
                  "--socket",
                  folder.resolve("archive.sock").toString(),
                  "fetch",
                  segment,
                  target.toString()));
          Files.delete(target);
        });
    pushed(
        "a segment fetched",
        "wal-g daemon",
        segments,
        false,
        segment -> {
          run(
              List.of(
                  StockPeers.daemonClient(),
                  walgSocket().toString(),
                  "wal-fetch",
                  segment,
                  "pg_wal/BENCH"));
          Files.delete(wal("BENCH"));
        });
    pushed(
        "a segment fetched",
        "wal-g wal-fetch",
        segments,
        false,
        segment -> {
          meter.run(
              walg, List.of(peers.walg().toString(), "wal-fetch", segment, target.toString()));
          Files.delete(target);
        });
  }

  private void row(String what, String who, Cost cost) {
    table.add(
        String.format(
            Locale.ROOT,
            "| %s | %s | %.3f | %.3f | %s |",
            what,
            who,
            cost.wall(),
            cost.cpu(),
            cost.peakMib() == 0 ? "" : String.format(Locale.ROOT, "%.0f", cost.peakMib())));
    System.out.println(table.getLast());
  }

  private void note(String what, String who, double mib) {
    table.add(String.format(Locale.ROOT, "| %s | %s | | | %.0f |", what, who, mib));
  }
}
