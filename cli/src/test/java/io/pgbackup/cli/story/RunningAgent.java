package io.pgbackup.cli.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/// An agent process, started by its launcher.
final class RunningAgent implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http = HttpClient.newHttpClient();
  private final Process process;
  private final Path log;
  private final int port;

  private RunningAgent(Process process, Path log, int port) {
    this.process = process;
    this.log = log;
    this.port = port;
  }

  static RunningAgent start(Installation installation, Path configuration, Path log, int port) {
    try {
      Process process =
          new ProcessBuilder(installation.agent().toString(), "--config", configuration.toString())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
              .start();
      Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly, "end-agent"));
      RunningAgent agent = new RunningAgent(process, log, port);
      await()
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(
              () -> assertThat(agent.httpStatus("/readyz")).as(agent.log()).isEqualTo(200));
      return agent;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Of its Java process, which the launcher has become.
  long pid() {
    return process.pid();
  }

  String log() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private HttpResponse<String> get(String path) throws IOException {
    try {
      return http.send(
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
          HttpResponse.BodyHandlers.ofString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  private int httpStatus(String path) {
    try {
      return get(path).statusCode();
    } catch (IOException e) {
      return 0;
    }
  }

  JsonNode status() {
    try {
      return JSON.readTree(get("/api/v1/status").body());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String metrics() {
    try {
      return get("/metrics").body();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Ends it without a chance to say goodbye.
  void kill() {
    process.destroyForcibly();
    waitForEnd();
  }

  /// SIGTERM, as an orchestrator sends it.
  int terminate() {
    process.destroy();
    return waitForEnd();
  }

  private int waitForEnd() {
    try {
      assertThat(process.waitFor(1, TimeUnit.MINUTES)).as(log()).isTrue();
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    if (process.isAlive()) {
      terminate();
    }
  }
}
