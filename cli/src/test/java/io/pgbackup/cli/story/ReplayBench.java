package io.pgbackup.cli.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.TestPostgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A recovery through two hundred segments and more, by our agent and its static client, by stock
/// wal-g's daemon and by `wal-g wal-fetch`, from the same base backup and one MinIO on the same
/// machine, us first in odd rounds and second in even ones. Asserts that every one of them reaches
/// the last row. No part of the build; docs/benchmarks.md says how to run it.
class ReplayBench {
  private static final int SEGMENTS = 200;
  private static final int ROUNDS = 4;
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private ProtectedServer server;
  private StockPeers peers;
  private Map<String, String> walg;

  @BeforeEach
  void server() {
    S3Server s3 = S3Server.shared();
    server =
        new ProtectedServer(
            PostgresRelease.OLDER,
            folder,
            s3.storageConfig(s3.newBucket()),
            "backup: { schedule: \"0 5 1 1 *\", compression: lz4 }\n");
    peers = new StockPeers(server.postgres(), folder);
    walg = peers.walgSettings(s3, s3.newBucket(), "lz4");
  }

  @AfterEach
  void end() {
    server.close();
  }

  @Test
  void besideWalG() throws Exception {
    server.awaitBackups(server.uid(), 1);
    run(
        walg,
        List.of(
            peers.walg().toString(), "backup-push", server.postgres().dataDirectory().toString()));
    int segments = write();
    String expected = checksum(server.postgres());
    System.out.println("| round | who | segments | s |\n| --- | --- | --- | --- |");
    for (int round = 1; round <= ROUNDS; round++) {
      if (round % 2 == 0) {
        row(round, "wal-g daemon", segments, byDaemon(expected));
      }
      row(round, "pgbackup", segments, replay(byUs(), expected));
      if (round % 2 == 1) {
        row(round, "wal-g daemon", segments, byDaemon(expected));
      }
      row(round, "wal-g wal-fetch", segments, replay(byWalg(), expected));
    }
  }

  /// Archives the same segments twice.
  ///
  /// @return how many
  private int write() throws Exception {
    TestPostgres postgres = server.postgres();
    // or it works through the table beside the first recovery
    postgres.configure("autovacuum", "off");
    postgres.configure("max_wal_size", "16GB");
    postgres.configure("wal_keep_size", "16GB");
    postgres.configure(
        "archive_command",
        StockPeers.daemonClient() + " " + folder.resolve("archive.sock") + " wal-push %f");
    postgres.reload();
    postgres.sql("create table big (id int, filler text) with (fillfactor = 85)");
    postgres.sql("alter table big alter column filler set storage plain");
    int rows = 0;
    while (peers.finished().size() < SEGMENTS) {
      postgres.sql(
          "insert into big select i, repeat(md5(i::text || random()::text), 30)"
              + " from generate_series(%d, %d) i".formatted(rows + 1, rows + 50_000));
      rows += 50_000;
    }
    server.archiveEverything();
    List<String> segments = peers.finished();
    Process daemon =
        peers.daemon(walg, server.postgres().dataDirectory(), folder.resolve("walg.sock"));
    try {
      for (String segment : segments) {
        run(
            Map.of(),
            List.of(
                StockPeers.daemonClient(),
                folder.resolve("walg.sock").toString(),
                "wal-push",
                segment));
      }
    } finally {
      stop(daemon);
    }
    return segments.size();
  }

  private String byUs() throws Exception {
    return peers.staticClient() + " --socket " + folder.resolve("archive.sock") + " fetch %f %p";
  }

  private String byWalg() {
    Map<String, String> settings = new HashMap<>(walg);
    settings.put("PGDATA", folder.resolve("copy").toString());
    StringBuilder command = new StringBuilder("env");
    settings.forEach((key, value) -> command.append(' ').append(key).append('=').append(value));
    return command.append(' ').append(peers.walg()).append(" wal-fetch %f %p").toString();
  }

  private double byDaemon(String expected) throws Exception {
    Path data = folder.resolve("copy");
    Files.createDirectories(data);
    Process daemon = peers.daemon(walg, data, folder.resolve("walg.sock"));
    try {
      return replay(
          StockPeers.daemonClient() + " " + folder.resolve("walg.sock") + " wal-fetch %f %p",
          expected);
    } finally {
      stop(daemon);
    }
  }

  private static void stop(Process process) throws InterruptedException {
    process.destroy();
    process.waitFor();
  }

  /// @return seconds from the server's start until it takes writes
  private double replay(String restoreCommand, String expected) throws Exception {
    Path data = folder.resolve("copy");
    run(walg, List.of(peers.walg().toString(), "backup-fetch", data.toString(), "LATEST"));
    Files.createFile(data.resolve("recovery.signal"));
    ServerUser.forNewDirectory().ownTree(data);
    var settings = Map.of("restore_command", restoreCommand, "archive_mode", "off");
    double seconds;
    try (TestPostgres restored = TestPostgres.over(PostgresRelease.OLDER, data, settings)) {
      long start = System.nanoTime();
      restored.start();
      await()
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(50))
          .until(() -> restored.value("select pg_is_in_recovery()"), "f"::equals);
      seconds = (System.nanoTime() - start) / 1e9;
      assertThat(checksum(restored)).isEqualTo(expected);
    }
    run(Map.of(), List.of("rm", "-r", data.toString()));
    return seconds;
  }

  private static String checksum(TestPostgres postgres) {
    return postgres.value("select count(*) || ' ' || sum(hashtext(filler)) from big");
  }

  private static void run(Map<String, String> environment, List<String> command) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD);
    builder.environment().putAll(environment);
    assertThat(builder.start().waitFor()).as("%s", command).isZero();
  }

  private static void row(int round, String who, int segments, double seconds) {
    System.out.println(
        String.format(Locale.ROOT, "| %d | %s | %d | %.1f |", round, who, segments, seconds));
  }
}
