package io.pgbackup.cli.client;

import io.pgbackup.engine.BackupRequest;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.status.BackupRunView;
import io.pgbackup.status.ProblemView;
import io.pgbackup.status.StatusJson;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Over HTTP. The JDK's old client, because it starts in a third of the new one's time.
final class HttpAgentClient implements AgentClient {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(60);
  private static final String RUNS = "/api/v1/backups";

  private final String url;
  private final Optional<String> authorization;

  /// @param authorization the header that `/api` asks for
  HttpAgentClient(String host, int port, Optional<String> authorization) {
    this.authorization = authorization;
    String reachable = host.equals("0.0.0.0") || host.equals("::") ? "127.0.0.1" : host;
    this.url =
        "http://%s:%d".formatted(reachable.contains(":") ? "[" + reachable + "]" : reachable, port);
  }

  /// How the agent tells what went wrong.
  record Failure(ProblemView problem) {}

  @Override
  public boolean listens() {
    try {
      HttpURLConnection connection = connect("/healthz");
      connection.getResponseCode();
      connection.disconnect();
      return true;
    } catch (ConnectException e) {
      return false;
    } catch (IOException e) {
      throw failed(e);
    }
  }

  @Override
  public String status() {
    return exchange("GET", "/api/v1/status", "");
  }

  @Override
  public BackupRunView requestBackup(BackupRequest request) {
    return read(exchange("POST", RUNS, StatusJson.write(request)));
  }

  @Override
  public BackupRunView backup(String id) {
    return read(exchange("GET", RUNS + "/" + id, ""));
  }

  @Override
  public String url() {
    return url;
  }

  private HttpURLConnection connect(String path) throws IOException {
    HttpURLConnection connection =
        (HttpURLConnection) URI.create(url + path).toURL().openConnection(Proxy.NO_PROXY);
    connection.setConnectTimeout((int) CONNECT_TIMEOUT.toMillis());
    connection.setReadTimeout((int) ANSWER_TIMEOUT.toMillis());
    return connection;
  }

  private String exchange(String method, String path, String content) {
    try {
      HttpURLConnection connection = connect(path);
      connection.setRequestMethod(method);
      authorization.ifPresent(shown -> connection.setRequestProperty("Authorization", shown));
      if (method.equals("POST")) {
        connection.setRequestProperty("Content-Type", "application/json");
        connection.setDoOutput(true);
        byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
        connection.setFixedLengthStreamingMode(bytes.length);
        try (OutputStream out = connection.getOutputStream()) {
          out.write(bytes);
        }
      }
      int status = connection.getResponseCode();
      if (status >= 400) {
        throw problem(status, body(connection.getErrorStream()));
      }
      return body(connection.getInputStream());
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private static String body(@Nullable InputStream stream) throws IOException {
    if (stream == null) {
      return "";
    }
    try (stream) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private PgBackupException problem(int status, String body) {
    try {
      return StatusJson.read(body, Failure.class).problem().toProblem().asException();
    } catch (IllegalArgumentException | NullPointerException e) {
      return notAnAgent("answered status " + status).causedBy(e);
    }
  }

  private BackupRunView read(String json) {
    try {
      return StatusJson.read(json, BackupRunView.class);
    } catch (IllegalArgumentException e) {
      throw notAnAgent("did not answer like an agent").causedBy(e);
    }
  }

  private Problem notAnAgent(String what) {
    return Problem.misconfigured(
        url + " " + what, "Check http.listen in the configuration; another program may be there.");
  }

  private PgBackupException failed(IOException e) {
    return switch (e) {
      case ConnectException _ ->
          Problem.notFound(
                  "no agent answers at " + url,
                  "Start it on this machine, agent/pgbackup-agent --config FILE, or name its"
                      + " configuration with --config.")
              .causedBy(e);
      case SocketTimeoutException _ ->
          Problem.timedOut("the agent at " + url + " did not answer", "Look at the agent's log.")
              .causedBy(e);
      default -> notAnAgent("answered nothing that can be read: " + e.getMessage()).causedBy(e);
    };
  }
}
