package io.pgbackup.cli.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pgbackup.testing.RealWalg;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// wal-g and, where it is installed, pgBackRest, set up beside one server as their manuals say.
final class StockPeers {
  private final TestPostgres postgres;
  private final Path folder;
  private final Path walg = RealWalg.binary();

  StockPeers(TestPostgres postgres, Path folder) {
    this.postgres = postgres;
    this.folder = folder;
  }

  Path walg() {
    return walg;
  }

  /// The client of wal-g's daemon.
  static String daemonClient() {
    String named = System.getenv("WALG_DAEMON_CLIENT");
    assumeTrue(named != null, "WALG_DAEMON_CLIENT names no walg-daemon-client");
    return named;
  }

  Map<String, String> walgSettings(S3Server s3, String bucket, String codec) {
    return Map.ofEntries(
        Map.entry("WALG_S3_PREFIX", "s3://" + bucket + "/peer"),
        Map.entry("AWS_ENDPOINT", s3.endpoint().toString()),
        Map.entry("AWS_REGION", S3Server.REGION),
        Map.entry("AWS_S3_FORCE_PATH_STYLE", "true"),
        Map.entry("AWS_ACCESS_KEY_ID", S3Server.ACCESS_KEY),
        Map.entry("AWS_SECRET_ACCESS_KEY", S3Server.SECRET_KEY),
        Map.entry("WALG_COMPRESSION_METHOD", codec),
        Map.entry("PGDATA", postgres.dataDirectory().toString()),
        Map.entry("PGHOST", postgres.socketDirectory().toString()),
        Map.entry("PGPORT", Integer.toString(postgres.port())),
        Map.entry("PGUSER", "postgres"),
        Map.entry("PGDATABASE", "postgres"));
  }

  /// Our static client, compiled here.
  Path staticClient() throws Exception {
    Path client = folder.resolve("pgbackup-client");
    Process compiler =
        new ProcessBuilder(
                "cc", "-O2", "-o", client.toString(), "../sidecar-image/client/pgbackup-client.c")
            .inheritIO()
            .start();
    assertThat(compiler.waitFor()).as("cc").isZero();
    return client;
  }

  /// wal-g's daemon. PostgreSQL, another user where this is root, opens for writing what it
  /// fetches, hence the mask.
  ///
  /// @param data what relative paths begin at
  Process daemon(Map<String, String> settings, Path data, Path socket) throws IOException {
    Files.deleteIfExists(socket);
    ProcessBuilder builder =
        new ProcessBuilder(
                "sh",
                "-c",
                "umask 0; exec \"$@\"",
                "daemon",
                walg.toString(),
                "daemon",
                socket.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("daemon.log").toFile());
    builder.environment().putAll(settings);
    builder.environment().put("PGDATA", data.toString());
    Process started = builder.start();
    await().atMost(Duration.ofMinutes(5)).until(() -> Files.exists(socket));
    return started;
  }

  /// Segments that PostgreSQL has finished, oldest first.
  List<String> finished() throws IOException {
    // where a segment has just ended, the position itself is called by the one that ended
    String current = postgres.value("select pg_walfile_name(pg_current_wal_lsn() + 1)");
    try (Stream<Path> files = Files.list(postgres.dataDirectory().resolve("pg_wal"))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.matches("[0-9A-F]{24}") && name.compareTo(current) < 0)
          .sorted()
          .toList();
    }
  }

  static Optional<String> pgBackRest() {
    return Stream.of(System.getenv("PATH").split(":"))
        .map(directory -> Path.of(directory, "pgbackrest"))
        .filter(Files::isExecutable)
        .map(Path::toString)
        .findFirst();
  }

  /// A command of pgBackRest; it insists on TLS.
  ///
  /// @param data what it calls pg1-path
  List<String> pgBackRest(S3Server tls, String bucket, Path data, String... words)
      throws IOException {
    Path configuration = folder.resolve("pgbackrest-" + data.getFileName() + ".conf");
    Files.writeString(
        configuration,
        """
        [global]
        repo1-type=s3
        repo1-path=/peer
        repo1-s3-bucket=%s
        repo1-s3-endpoint=127.0.0.1
        repo1-storage-port=%d
        repo1-storage-verify-tls=n
        repo1-s3-uri-style=path
        repo1-s3-region=%s
        repo1-s3-key=%s
        repo1-s3-key-secret=%s
        compress-type=lz4
        process-max=2
        start-fast=y
        archive-check=n
        log-level-console=warn
        log-level-file=off
        lock-path=%s
        spool-path=%s
        [main]
        pg1-path=%s
        pg1-port=%d
        pg1-socket-path=%s
        pg1-user=postgres
        pg1-database=postgres
        """
            .formatted(
                bucket,
                tls.endpoint().getPort(),
                S3Server.REGION,
                S3Server.ACCESS_KEY,
                S3Server.SECRET_KEY,
                folder.resolve("rest-lock"),
                folder.resolve("rest-spool"),
                data,
                postgres.port(),
                postgres.socketDirectory()));
    return Stream.concat(
            Stream.of(pgBackRest().orElseThrow(), "--config=" + configuration, "--stanza=main"),
            Stream.of(words))
        .toList();
  }
}
