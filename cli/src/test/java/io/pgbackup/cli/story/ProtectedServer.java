package io.pgbackup.cli.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pgbackup.config.PgBackupConfig.CredentialFiles;
import io.pgbackup.config.PgBackupConfig.CredentialJson;
import io.pgbackup.config.PgBackupConfig.CredentialSource;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.testing.FreePort;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// A PostgreSQL server, the agent beside it, one configuration file and the command line that reads
/// it: what a person with one server and a bucket has.
final class ProtectedServer implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final PostgresRelease release;
  private final Path folder;
  private final Installation installation;
  private final TestPostgres postgres;
  private final Path configuration;
  private final int port;
  private RunningAgent agent;

  ProtectedServer(PostgresRelease release, Path folder, StorageConfig storage) {
    this(release, folder, storage, "");
  }

  /// @param more sections of the configuration
  ProtectedServer(PostgresRelease release, Path folder, StorageConfig storage, String more) {
    this.release = release;
    this.folder = folder;
    this.installation = Installation.copyTo(folder.resolve("installation"));
    this.port = FreePort.find();
    Path socket = folder.resolve("archive.sock");
    this.postgres =
        TestPostgres.builder(release)
            .setting("archive_mode", "on")
            .setting("archive_command", installation.cli() + " wal push --socket " + socket + " %p")
            .create(folder.resolve("data"));
    this.configuration = write(folder.resolve("pgbackup.yaml"), yaml(storage, socket) + more);
    postgres.start();
    postgres.sql("create table account (id bigint primary key, note text)");
    this.agent = startAgent();
    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(() -> assertThat(identity()).as(agent.log()).exists());
  }

  private String yaml(StorageConfig storage, Path socket) {
    StringBuilder yaml = new StringBuilder();
    yaml.append("cluster: { name: orders }\n");
    yaml.append(
        "postgres: { host: %s, port: %d, user: postgres, dataDirectory: %s }\n"
            .formatted(postgres.socketDirectory(), postgres.port(), postgres.dataDirectory()));
    yaml.append("storage:\n  url: %s\n".formatted(storage.url()));
    storage.endpoint().ifPresent(endpoint -> yaml.append("  endpoint: " + endpoint + "\n"));
    yaml.append("  region: %s\n  pathStyle: true\n".formatted(storage.region()));
    storage.caFile().ifPresent(authority -> yaml.append("  caFile: " + authority + "\n"));
    storage
        .credentials()
        .map(ProtectedServer::keys)
        .ifPresent(keys -> yaml.append("  credentials: { %s }\n".formatted(keys)));
    yaml.append("wal: { socket: %s }\n".formatted(socket));
    yaml.append("http: { listen: \"127.0.0.1:%d\" }\n".formatted(port));
    return yaml.toString();
  }

  private static String keys(CredentialSource source) {
    return switch (source) {
      case CredentialFiles files ->
          "accessKeyIdFile: %s, secretAccessKeyFile: %s%s"
              .formatted(
                  files.accessKeyIdFile(),
                  files.secretAccessKeyFile(),
                  files.sessionTokenFile().map(token -> ", sessionTokenFile: " + token).orElse(""));
      case CredentialJson json -> "file: " + json.file();
    };
  }

  private static Path write(Path file, String text) {
    try {
      Files.writeString(file, text);
      return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private RunningAgent startAgent() {
    return RunningAgent.start(installation, configuration, folder.resolve("agent.log"), port);
  }

  RunningAgent agent() {
    return agent;
  }

  void killAgent() {
    agent.kill();
  }

  void restartAgent() {
    agent.close();
    agent = startAgent();
  }

  TestPostgres postgres() {
    return postgres;
  }

  Path folder() {
    return folder;
  }

  /// Runs the command line with this server's configuration.
  Installation.Answer pgbackup(String... arguments) {
    return pgbackup(configuration, arguments);
  }

  /// Runs the command line with another configuration.
  Installation.Answer pgbackup(Path otherConfiguration, String... arguments) {
    String[] all = new String[arguments.length + 2];
    all[0] = "--config";
    all[1] = otherConfiguration.toString();
    System.arraycopy(arguments, 0, all, 2, arguments.length);
    return installation.pgbackup(Map.of(), all);
  }

  /// Begins a command that is not waited for.
  Process started(String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(installation.cli().toString(), "--config", configuration.toString()));
    command.addAll(List.of(arguments));
    try {
      return new ProcessBuilder(command)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .redirectError(ProcessBuilder.Redirect.DISCARD)
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path configuration() {
    return configuration;
  }

  /// The words of a restore into a directory.
  ///
  /// @param more options
  String[] restore(String instant, Path target, String... more) {
    return Stream.concat(
            Stream.of(
                "restore",
                "--cluster",
                "orders",
                "--timestamp",
                instant,
                "--target-dir",
                target.toString(),
                "--pg-bin-dir",
                binaries()),
            Stream.of(more))
        .toArray(String[]::new);
  }

  /// The server's own restore in place, without questions.
  void restoreInPlace(String instant, String... more) {
    String[] command = {
      "restore",
      "--cluster",
      "orders",
      "--timestamp",
      instant,
      "--in-place",
      "--data-dir",
      postgres.dataDirectory().toString(),
      "--stop",
      "--yes",
      "--pg-bin-dir",
      binaries()
    };
    mustDo(Stream.concat(Stream.of(command), Stream.of(more)).toArray(String[]::new));
  }

  Installation.Answer mustDo(String... arguments) {
    Installation.Answer answer = pgbackup(arguments);
    assertThat(answer.status()).as("%s", answer).isZero();
    return answer;
  }

  JsonNode json(String... arguments) {
    String[] all = java.util.Arrays.copyOf(arguments, arguments.length + 2);
    all[arguments.length] = "-o";
    all[arguments.length + 1] = "json";
    try {
      return JSON.readTree(mustDo(all).out());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// One committed row, and the instant between its commit and whatever comes next.
  Moment write(String note) {
    return write(postgres, note);
  }

  static Moment write(TestPostgres postgres, String note) {
    postgres.sql(
        "insert into account select coalesce(max(id), 0) + 1, '%s' from account".formatted(note));
    String instant =
        postgres.value(
            "select to_char(clock_timestamp() at time zone 'UTC',"
                + " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
    return new Moment(instant, content(postgres));
  }

  record Moment(String instant, List<String> content) {}

  static List<String> content(TestPostgres server) {
    return server.sql("select id, note from account order by id");
  }

  /// A commit after everything so far, and the wait until it is archived.
  void archiveEverything() {
    postgres.sql("insert into account select coalesce(max(id), 0) + 1, 'after' from account");
    postgres.sql("delete from account where note = 'after'");
    archiveSegment(postgres, () -> agent.log() + postgres.log());
  }

  /// Ends the segment that is written now, and waits until PostgreSQL calls it archived.
  ///
  /// @param log what explains that it is not
  static void archiveSegment(TestPostgres postgres, Supplier<String> log) {
    String segment =
        postgres.value("select pg_walfile_name(pg_current_wal_lsn() - 1) from pg_switch_wal()");
    await()
        .atMost(Duration.ofMinutes(2))
        .pollInterval(Duration.ofMillis(200))
        .untilAsserted(
            () ->
                assertThat(
                        postgres.value(
                            "select coalesce(last_archived_wal, '') from pg_stat_archiver"))
                    .as(log)
                    .isGreaterThanOrEqualTo(segment));
  }

  /// The lineage's UID, as the identity beside the data says it.
  String uid() {
    try {
      return JSON.readTree(Files.readString(identity())).path("uid").asText();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path identity() {
    return folder.resolve("data.pgbackup.json");
  }

  void awaitBackups(String uid, int count) {
    await()
        .atMost(Duration.ofMinutes(2))
        .pollInterval(Duration.ofSeconds(1))
        .untilAsserted(
            () ->
                assertThat(json("backups", "--cluster", "orders", "--uid", uid).size())
                    .as(agent.log())
                    .isGreaterThanOrEqualTo(count));
  }

  /// What a restored directory holds once a server runs over it.
  List<String> contentOf(Path directory) {
    try (TestPostgres restored =
        TestPostgres.over(release, directory, Map.of("archive_mode", "off"))) {
      return content(restored.start());
    }
  }

  String binaries() {
    return postgres.installation().binDirectory().toString();
  }

  @Override
  public void close() {
    agent.close();
    postgres.close();
  }
}
