package io.pgbackup.agent;

import static org.awaitility.Awaitility.await;

import io.pgbackup.config.PgBackupConfig.CredentialFiles;
import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.status.StatusJson;
import io.pgbackup.status.StatusSnapshot;
import io.pgbackup.testing.FreePort;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// The agent as its users start it: the launcher, a configuration file, a process of its own.
final class AgentProcess implements AutoCloseable {
  private static final Path LAUNCHER = Path.of("pgbackup-agent").toAbsolutePath();

  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final Process process;
  private final Path log;
  private final int port;

  private AgentProcess(Process process, Path log, int port) {
    this.process = process;
    this.log = log;
    this.port = port;
  }

  static AgentProcess start(
      Path folder, StorageConfig storage, PostgresConfig postgres, Path socket) throws IOException {
    return start(folder, storage, postgres, socket, "");
  }

  /// @param wal more settings of the section, each begins with a comma
  static AgentProcess start(
      Path folder, StorageConfig storage, PostgresConfig postgres, Path socket, String wal)
      throws IOException {
    return start(folder, storage, postgres, socket, wal, "");
  }

  /// @param more sections
  static AgentProcess start(
      Path folder,
      StorageConfig storage,
      PostgresConfig postgres,
      Path socket,
      String wal,
      String more)
      throws IOException {
    return start(folder, storage, postgres, socket, wal, more, Map.of());
  }

  /// @param environment more of it
  static AgentProcess start(
      Path folder,
      StorageConfig storage,
      PostgresConfig postgres,
      Path socket,
      String wal,
      String more,
      Map<String, String> environment)
      throws IOException {
    int port = FreePort.find();
    Path config =
        Files.writeString(
            folder.resolve("agent-" + port + ".yaml"),
            yaml(storage, postgres, socket, wal, port) + more);
    Path log = folder.resolve("agent-" + port + ".log");
    ProcessBuilder builder =
        new ProcessBuilder(LAUNCHER.toString(), "--config", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().putAll(Map.of("PGBACKUP_CLUSTER_NAMESPACE", "shop"));
    builder.environment().putAll(environment);
    return new AgentProcess(builder.start(), log, port);
  }

  private static String yaml(
      StorageConfig storage, PostgresConfig postgres, Path socket, String wal, int port) {
    CredentialFiles credentials = (CredentialFiles) storage.credentials().orElseThrow();
    return """
        cluster: { name: orders }
        postgres:
          host: %s
          port: %d
          dataDirectory: %s
        storage:
          url: %s
          endpoint: %s
          credentials:
            accessKeyIdFile: %s
            secretAccessKeyFile: %s
        wal: { socket: %s%s }
        http: { listen: "127.0.0.1:%d" }
        """
        .formatted(
            postgres.host(),
            postgres.port(),
            postgres.dataDirectory(),
            storage.url(),
            storage.endpoint().orElseThrow(),
            credentials.accessKeyIdFile(),
            credentials.secretAccessKeyFile(),
            socket,
            wal,
            port);
  }

  /// @throws IOException while it does not listen yet
  StatusSnapshot status() throws IOException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      URI uri = URI.create("http://127.0.0.1:%d/api/v1/status".formatted(port));
      return StatusJson.read(
          client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).body(),
          StatusSnapshot.class);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /// Its status, once it listens and says what is awaited.
  StatusSnapshot statusOnce(Consumer<StatusSnapshot> condition) throws IOException {
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(200))
        .ignoreException(ConnectException.class)
        .untilAsserted(() -> condition.accept(status()));
    return status();
  }

  /// SIGTERM.
  void terminate() {
    process.destroy();
  }

  /// SIGKILL; returns when the process is gone.
  void kill() {
    try {
      process.destroyForcibly().waitFor();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  int exitStatus() throws InterruptedException {
    if (!process.waitFor(2, TimeUnit.MINUTES)) {
      throw new AssertionError("the agent does not end");
    }
    return process.exitValue();
  }

  String output() throws IOException {
    return Files.readString(log);
  }

  @Override
  public void close() {
    kill();
  }
}
