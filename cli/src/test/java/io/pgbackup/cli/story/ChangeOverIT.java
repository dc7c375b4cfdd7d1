package io.pgbackup.cli.story;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pgbackup.cli.story.ProtectedServer.Moment;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.FreePort;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.RealWalg;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What docs/migrate-from-walg.md says, step by step: stock wal-g wrote until now, and the agent
/// goes on in the same folder.
class ChangeOverIT {
  private static final PostgresRelease RELEASE = PostgresRelease.OLDER;
  private static final String FOLDER = "prod/orders";

  @TempDir(factory = EnterableTempDir.class)
  Path folder;

  private Installation installation;
  private Path walg;
  private Path store;
  private Path archive;
  private Path env;
  private int port;

  @Test
  void theAgentGoesOnWhereWalGLeftOff() throws Exception {
    Path socket = folder.resolve("archive.sock");
    try (TestPostgres postgres =
        TestPostgres.builder(RELEASE)
            .setting("archive_mode", "on")
            .setting("archive_command", ". " + env + " && " + walg + " wal-push %p")
            .create(folder.resolve("data"))) {
      // given a server that wal-g protects
      postgres.start();
      postgres.sql("create table account (id bigint primary key, note text)");
      backupPush(postgres);
      Moment byWalg = ProtectedServer.write(postgres, "archived by wal-g");
      archive(postgres);

      // when its archive is looked at with wal-g's own settings
      Map<String, Long> before = objects();
      JsonNode found = json("--walg-env", env.toString(), "clusters");
      mustDo("--walg-env", env.toString(), "window");

      // then it is there, and untouched
      assertThat(found).hasSize(1);
      assertThat(found.path(0).path("cluster").asText()).isEqualTo("orders");
      assertThat(objects()).isEqualTo(before);

      // when the agent takes over
      Path config = configuration(postgres, socket);
      try (RunningAgent agent =
          RunningAgent.start(installation, config, folder.resolve("agent.log"), port)) {
        await()
            .atMost(Duration.ofMinutes(1))
            .untilAsserted(
                () ->
                    assertThat(store.resolve(FOLDER + "/pgbackup/claim.json"))
                        .as(agent.log())
                        .exists());
        postgres.configure(
            "archive_command", installation.cli() + " wal push --socket " + socket + " %p");
        postgres.reload();
        Moment between = ProtectedServer.write(postgres, "archived by the agent");
        archive(postgres);
        String[] own = {"--config", config.toString()};
        // wal-g's base backup is recent, so the agent's first one waits for its schedule
        mustDo(with(own, "backup"));
        Moment late = ProtectedServer.write(postgres, "after another base backup");
        archive(postgres);

        // then one window spans the change-over, without a gap
        JsonNode window = json(with(own, "window")).path(0);
        assertThat(window.path("cluster").asText()).isEqualTo("orders");
        assertThat(window.path("windows")).hasSize(1);
        assertThat(window.path("gaps")).isEmpty();

        // and instants on both sides of it restore
        for (Moment moment : List.of(byWalg, between, late)) {
          Path target = folder.resolve("restored-" + moment.content().size());
          mustDo(
              with(
                  own,
                  "restore",
                  "--timestamp",
                  moment.instant(),
                  "--target-dir",
                  target.toString(),
                  "--pg-bin-dir",
                  binaries()));
          assertThat(contentOf(target)).isEqualTo(moment.content());
        }

        // and stock wal-g still reads all of it
        assertThat(stock("backup-list", "--json")).contains("base_");
        assertThat(new ObjectMapper().readTree(stock("backup-list", "--json"))).hasSize(2);
        Path fetched = Files.createDirectory(folder.resolve("fetched"));
        stock("backup-fetch", fetched.toString(), "LATEST");
        assertThat(fetched.resolve("global/pg_control")).exists();

        // when it is restored in place, under the same configuration
        mustDo(
            with(
                own,
                "restore",
                "--timestamp",
                between.instant(),
                "--in-place",
                "--data-dir",
                postgres.dataDirectory().toString(),
                "--stop",
                "--yes",
                "--pg-bin-dir",
                binaries()));
        assertThat(ProtectedServer.content(postgres)).isEqualTo(between.content());
        ProtectedServer.write(postgres, "on the next lineage");
        archive(postgres);

        // then the next lineage lies in a folder of its own, and is found beside the first
        assertThat(
                json(with(own, "clusters"))
                    .valueStream()
                    .map(lineage -> lineage.path("prefix").asText()))
            .anyMatch(prefix -> prefix.equals(FOLDER + "/"))
            .anyMatch(prefix -> prefix.matches("pgbackup/default/orders/[0-9a-f-]{36}/15/"));

        // and what wal-g wrote is as it was
        assertThat(objects()).containsAllEntriesOf(before);
      }

      // when another cluster's configuration names the same folder
      Path stranger = folder.resolve("stranger.yaml");
      Files.writeString(stranger, Files.readString(config).replace("name: orders", "name: other"));
      Files.deleteIfExists(folder.resolve("data.pgbackup.json"));

      // then the claim keeps it out
      Installation.Answer refused =
          installation.pgbackup(Map.of(), "--config", stranger.toString(), "backup");
      assertThat(refused.status()).as("%s", refused).isEqualTo(4);
      assertThat(refused.err()).contains("is claimed by default/orders");
    }
  }

  @BeforeEach
  void prepare() throws IOException {
    Path binary = RealWalg.binary();
    installation = Installation.copyTo(folder.resolve("installation"));
    port = FreePort.find();
    store = Files.createDirectory(folder.resolve("store"));
    archive = Files.createDirectories(store.resolve(FOLDER));
    for (Path each : List.of(store, store.resolve("prod"), archive)) {
      Files.setPosixFilePermissions(each, PosixFilePermissions.fromString("rwxrwxrwx"));
    }
    walg = Files.copy(binary, folder.resolve("wal-g"));
    Files.setPosixFilePermissions(walg, PosixFilePermissions.fromString("rwxr-xr-x"));
    env =
        Files.writeString(
            folder.resolve("wal-g.env"),
            """
            export WALG_FILE_PREFIX=%s
            export WALG_COMPRESSION_METHOD='zstd'
            export WALG_UPLOAD_CONCURRENCY=1
            """
                .formatted(archive));
    Files.setPosixFilePermissions(env, PosixFilePermissions.fromString("rw-r--r--"));
  }

  private Path configuration(TestPostgres postgres, Path socket) throws IOException {
    return Files.writeString(
        folder.resolve("pgbackup.yaml"),
        """
        cluster: { name: orders }
        postgres: { host: %s, port: %d, user: postgres, dataDirectory: %s }
        storage: { url: "file://%s", prefix: %s }
        wal: { socket: %s }
        http: { listen: "127.0.0.1:%d" }
        """
            .formatted(
                postgres.socketDirectory(),
                postgres.port(),
                postgres.dataDirectory(),
                store,
                FOLDER,
                socket,
                port));
  }

  private void backupPush(TestPostgres postgres) throws Exception {
    run(
        Map.of(
            "PGHOST",
            postgres.socketDirectory().toString(),
            "PGPORT",
            Integer.toString(postgres.port()),
            "PGUSER",
            "postgres",
            "PGDATABASE",
            "postgres"),
        "backup-push",
        postgres.dataDirectory().toString());
  }

  private String stock(String... arguments) throws Exception {
    return run(Map.of(), arguments);
  }

  private String run(Map<String, String> environment, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(walg.toString()));
    command.addAll(List.of(arguments));
    Path err = Files.createTempFile(folder, "wal-g", ".err");
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(err.toFile());
    builder.environment().put("WALG_FILE_PREFIX", archive.toString());
    builder.environment().put("WALG_COMPRESSION_METHOD", "zstd");
    builder.environment().putAll(environment);
    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(err)).isZero();
    return out;
  }

  private Map<String, Long> objects() throws IOException {
    Map<String, Long> found = new TreeMap<>();
    try (Stream<Path> files = Files.walk(archive)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        found.put(file.toString(), Files.getLastModifiedTime(file).toMillis());
      }
    }
    return found;
  }

  private static void archive(TestPostgres postgres) {
    postgres.sql("select pg_logical_emit_message(true, 'test', 'after')");
    ProtectedServer.archiveSegment(postgres, postgres::log);
  }

  private static String[] with(String[] first, String... more) {
    return Stream.concat(Stream.of(first), Stream.of(more)).toArray(String[]::new);
  }

  private Installation.Answer mustDo(String... arguments) {
    Installation.Answer answer = installation.pgbackup(Map.of(), arguments);
    assertThat(answer.status()).as("%s", answer).isZero();
    return answer;
  }

  private JsonNode json(String... arguments) throws IOException {
    return new ObjectMapper().readTree(mustDo(with(arguments, "-o", "json")).out());
  }

  private List<String> contentOf(Path directory) {
    try (TestPostgres restored =
        TestPostgres.over(RELEASE, directory, Map.of("archive_mode", "off"))) {
      return ProtectedServer.content(restored.start());
    }
  }

  private static String binaries() {
    return RELEASE.installation().binDirectory().toString();
  }
}
