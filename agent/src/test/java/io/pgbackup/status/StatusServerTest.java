package io.pgbackup.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.sun.net.httpserver.Headers;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.status.BackupRunView.State;
import io.pgbackup.testing.PrivateFile;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatusServerTest {
  private static final Instant NOW = Instant.parse("2026-11-21T05:00:00Z");
  private static final StatusSnapshot STATUS =
      new StatusSnapshot(
          NOW,
          "0.1.0",
          new StatusSnapshot.Cluster("shop", "orders"),
          Optional.of("0b8f"),
          Optional.of("pgbackup/shop/orders/0b8f/18"),
          new StatusSnapshot.Server(
              true,
              Optional.of("18.6"),
              Optional.of("primary"),
              Optional.of("7560000000000000000"),
              Optional.of(1L),
              Optional.of("0/5000060"),
              Optional.of(true)),
          new StatusSnapshot.Storage("s3://backups", Map.of("list", true, "write", false)),
          Optional.empty(),
          Optional.of(1),
          Optional.of(
              new StatusSnapshot.Backup(
                  "base_000000010000000000000002",
                  NOW,
                  NOW.plusSeconds(3),
                  "0/2000028",
                  "0/2000120",
                  1,
                  3000,
                  1000)),
          Optional.empty(),
          Optional.empty(),
          List.of(
              new StatusSnapshot.Window(
                  NOW, NOW.plusSeconds(60), "base_000000010000000000000002", 1)),
          List.of(),
          Optional.of(NOW.plusSeconds(60)),
          Optional.empty(),
          Optional.of(NOW),
          new StatusSnapshot.Archive(
              true,
              "/run/pgbackup/archive.sock",
              Optional.of(0.0),
              Optional.of(96L),
              Optional.empty(),
              Optional.empty(),
              4,
              0,
              0,
              0,
              Optional.empty(),
              Optional.empty()),
          new StatusSnapshot.Schedule(true, "0 2 * * *", "UTC", Optional.of(NOW.plusSeconds(99))),
          Optional.empty(),
          List.of(
              new StatusSnapshot.StandingProblem(
                  "storage",
                  NOW,
                  new ProblemView("storage", "connection refused", Optional.of("Wait.")))),
          Optional.empty(),
          Optional.empty());
  private static final Page PAGE = new Page("<h1>Protected</h1>", "default-src 'none'");
  private static final BackupRunView RUN =
      new BackupRunView(
          "7f", State.STARTING, Optional.empty(), NOW, Optional.empty(), 0, 0, Optional.empty());

  private final AtomicReference<Optional<String>> unready = new AtomicReference<>(Optional.empty());
  private final AtomicReference<Optional<List<StatusSnapshot.Backup>>> archived =
      new AtomicReference<>(Optional.empty());
  private final ScriptedRequests requests = new ScriptedRequests();
  private final HttpClient client = HttpClient.newHttpClient();
  private final StatusServer server = open("127.0.0.1");

  private StatusServer open(String host) {
    return StatusServer.open(
        host,
        0,
        new StatusSources(
            () -> STATUS,
            () -> PAGE,
            () -> "pgbackup_x 1\n",
            unready::get,
            requests,
            archived::get));
  }

  @AfterEach
  void close() {
    server.close();
    client.close();
  }

  private URI uri(String path) {
    return URI.create("http://127.0.0.1:" + server.address().getPort() + path);
  }

  private HttpResponse<String> get(String path) throws Exception {
    return client.send(HttpRequest.newBuilder(uri(path)).build(), BodyHandlers.ofString());
  }

  private HttpResponse<String> post(String contentType) throws Exception {
    return post(contentType, "{}");
  }

  private HttpResponse<String> post(String contentType, String body) throws Exception {
    return client.send(
        HttpRequest.newBuilder(uri("/api/v1/backups"))
            .header("Content-Type", contentType)
            .POST(BodyPublishers.ofString(body))
            .build(),
        BodyHandlers.ofString());
  }

  @Test
  void isHealthyWhileItAnswers() throws Exception {
    HttpResponse<String> response = get("/healthz");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEqualTo("ok\n");
  }

  @Test
  void showsItsPage() throws Exception {
    HttpResponse<String> response = get("/");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEqualTo(PAGE.html());
    assertThat(response.headers().firstValue("Content-Type")).contains("text/html; charset=utf-8");
    assertThat(response.headers().firstValue("Content-Security-Policy")).contains(PAGE.policy());
  }

  @Test
  void saysWhyItIsNotReady() throws Exception {
    assertThat(get("/readyz").statusCode()).isEqualTo(200);

    unready.set(Optional.of("the archive socket does not answer"));

    assertThat(get("/readyz").statusCode()).isEqualTo(503);
    assertThat(get("/readyz").body()).isEqualTo("the archive socket does not answer\n");
  }

  @Test
  void servesMetricsAsPrometheusReadsThem() throws Exception {
    HttpResponse<String> response = get("/metrics");

    assertThat(response.body()).isEqualTo("pgbackup_x 1\n");
    assertThat(response.headers().firstValue("Content-Type"))
        .contains("text/plain; version=0.0.4; charset=utf-8");
  }

  @Test
  void showsItsStatusWithoutWhatItDoesNotKnow() throws Exception {
    HttpResponse<String> response = get("/api/v1/status");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type")).contains("application/json");
    assertThat(response.body())
        .contains("\"uid\" : \"0b8f\"", "\"finishTime\" : \"2026-11-21T05:00:03Z\"")
        .doesNotContain("unprotectedSince", "null");
    assertThat(StatusJson.read(response.body(), StatusSnapshot.class)).isEqualTo(STATUS);
  }

  @Test
  void listsBaseBackupsWithTheirProofOnceTheArchiveWasRead() throws Exception {
    assertThat(get("/api/v1/backups").statusCode()).isEqualTo(503);
    assertThat(get("/api/v1/backups").body()).contains("has not been read yet");

    StatusSnapshot.Backup backup =
        new StatusSnapshot.Backup(
            "base_000000010000000000000002",
            Instant.parse("2026-11-21T05:00:00Z"),
            Instant.parse("2026-11-21T05:00:03Z"),
            "0/2000028",
            "0/2000120",
            1,
            2,
            1,
            Optional.of(
                new StatusSnapshot.Proof(Instant.parse("2026-11-21T06:00:00Z"), true, "drills")),
            Optional.of(2L));
    archived.set(Optional.of(List.of(backup)));

    HttpResponse<String> response = get("/api/v1/backups");
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).contains("\"at\" : \"2026-11-21T06:00:00Z\"");
    assertThat(StatusJson.read(response.body(), BackupList.class).backups())
        .containsExactly(backup);
  }

  @Test
  void startsABackupAndSaysWhereToFollowIt() throws Exception {
    HttpResponse<String> response = post("application/json; charset=utf-8");

    assertThat(response.statusCode()).isEqualTo(202);
    assertThat(response.headers().firstValue("Location")).contains("/api/v1/backups/7f");
    assertThat(StatusJson.read(response.body(), BackupRunView.class)).isEqualTo(RUN);
  }

  @Test
  void aRequestSaysWhatKindOfBackupIsWanted() throws Exception {
    post("application/json", "");
    post("application/json", "{}");
    post(
        "application/json",
        "{\"kind\":\"delta\",\"permanent\":true,\"userData\":{\"ticket\":4711}}");
    HttpResponse<String> wrong = post("application/json", "{\"kind\":\"half\"}");

    assertThat(wrong.statusCode()).isEqualTo(400);
    assertThat(wrong.body()).contains("half", "configured, full, delta");
    assertThat(requests.asked)
        .containsExactly(
            BackupRequest.CONFIGURED,
            BackupRequest.CONFIGURED,
            new BackupRequest(
                BackupRequest.Kind.DELTA,
                true,
                Optional.of(JsonNodeFactory.instance.objectNode().put("ticket", 4711))));
  }

  @Test
  void answersConflictWhileOneIsUnderWay() throws Exception {
    requests.answer = new BackupRequests.Answer.AlreadyRunning(RUN);

    HttpResponse<String> response = post("application/json");

    assertThat(response.statusCode()).isEqualTo(409);
    assertThat(response.headers().firstValue("Location")).contains("/api/v1/backups/7f");
    assertThat(StatusJson.read(response.body(), Reply.Failure.class).problem())
        .isEqualTo(
            new ProblemView(
                "refused",
                "a base backup is under way already, run 7f",
                Optional.of("Wait for it: GET /api/v1/backups/7f.")));
  }

  @Test
  void tellsTheProblemThatKeepsABackupFromStarting() throws Exception {
    requests.problem =
        Optional.of(Problem.postgresFailed("no connection to PostgreSQL", "Start it."));

    HttpResponse<String> response = post("application/json");

    assertThat(response.statusCode()).isEqualTo(503);
    assertThat(StatusJson.read(response.body(), Reply.Failure.class).problem().toProblem())
        .isEqualTo(requests.problem.get());
  }

  /// P91.
  @Test
  void showsARunUntilItsEndAndAfter() throws Exception {
    HttpResponse<String> response = get("/api/v1/backups/7f");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).contains("\"state\" : \"starting\"");
    assertThat(get("/api/v1/backups/8f").statusCode()).isEqualTo(404);
  }

  @Test
  void refusesAFormOfAWebPage() throws Exception {
    HttpResponse<String> response = post("text/plain");

    assertThat(response.statusCode()).isEqualTo(403);
    assertThat(response.body()).contains("Content-Type: application/json");
    assertThat(requests.asked).isEmpty();
  }

  @Test
  void refusesAForeignNameThatLeadsHere() throws Exception {
    assertThat(raw("GET /api/v1/status HTTP/1.1\r\nHost: evil.example:9797\r\n"))
        .startsWith("HTTP/1.1 403 ")
        .contains("Host header")
        .doesNotContain("0b8f");
    assertThat(raw("GET /api/v1/status HTTP/1.0\r\n")).startsWith("HTTP/1.1 403 ");
  }

  @Test
  void knowsTheNamesOfLoopback() throws Exception {
    for (String host : List.of("localhost:9797", "LOCALHOST", "127.0.0.1:1", "[::1]:9797")) {
      assertThat(raw("GET /api/v1/status HTTP/1.1\r\nHost: " + host + "\r\n"))
          .as(host)
          .startsWith("HTTP/1.1 200 ");
    }
    for (String host : List.of("localhost.evil.example", "127.0.0.1.evil.example", "a@127.0.0.1")) {
      assertThat(raw("GET /api/v1/status HTTP/1.1\r\nHost: " + host + "\r\n"))
          .as(host)
          .startsWith("HTTP/1.1 403 ");
    }
  }

  @Test
  void servesNoApiOffLoopback() throws Exception {
    RequestGuard guard = new RequestGuard(InetAddress.getByName("0.0.0.0"), Optional.empty());
    Routes routes =
        new Routes(
            new StatusSources(() -> STATUS, () -> PAGE, () -> "", Optional::empty, requests),
            guard);
    var headers = new Headers();
    headers.set("Host", "127.0.0.1");
    headers.set("Content-Type", "application/json");

    assertThat(routes.answer("GET", "/api/v1/status", headers, "").status()).isEqualTo(403);
    assertThat(routes.answer("POST", "/api/v1/backups", headers, "").body())
        .contains("/api is not served off loopback without a token", "http.tokenFile");
    assertThat(routes.answer("GET", "/", headers, "").status()).isEqualTo(403);
    assertThat(routes.answer("GET", "/metrics", headers, "").status()).isEqualTo(200);
    assertThat(routes.answer("GET", "/readyz", headers, "").status()).isEqualTo(200);
    assertThat(requests.asked).isEmpty();
  }

  @Test
  void aTokenThatCannotBeReadIsNobodysAndItsFileIsNotNamed(@TempDir Path folder) throws Exception {
    Path file = PrivateFile.write(folder.resolve("token"), "a-token-of-16-or-more\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    Routes routes =
        new Routes(
            new StatusSources(() -> STATUS, () -> PAGE, () -> "", Optional::empty, requests),
            new RequestGuard(InetAddress.getByName("0.0.0.0"), Optional.of(new ApiToken(file))));
    var headers = new Headers();
    headers.set("Authorization", "Bearer a-token-of-16-or-more");

    for (String path : List.of("/api/v1/status", "/")) {
      Reply reply = routes.answer("GET", path, headers, "");
      assertThat(reply.status()).as(path).isEqualTo(503);
      assertThat(reply.body())
          .contains("which the agent cannot read")
          .doesNotContain(folder.toString(), "0644", "chmod");
    }
    assertThat(routes.answer("GET", "/metrics", headers, "").status()).isEqualTo(200);
  }

  @Test
  void withATokenTheApiAnswersWhoShowsItFromAnywhere(@TempDir Path folder) throws Exception {
    Path file = PrivateFile.write(folder.resolve("token"), "a-token-of-16-or-more\n");
    for (String bound : List.of("0.0.0.0", "127.0.0.1")) {
      RequestGuard guard =
          new RequestGuard(InetAddress.getByName(bound), Optional.of(new ApiToken(file)));
      Routes routes =
          new Routes(
              new StatusSources(() -> STATUS, () -> PAGE, () -> "", Optional::empty, requests),
              guard);
      var headers = new Headers();
      headers.set("Host", bound.equals("0.0.0.0") ? "agent.example:9797" : "127.0.0.1");
      headers.set("Content-Type", "application/json");
      for (String shown :
          List.of(
              "",
              "Bearer",
              "Bearer wrong",
              "a-token-of-16-or-more",
              "Bearer a-token-of-16-or-mor")) {
        headers.set("Authorization", shown);
        Reply refused = routes.answer("POST", "/api/v1/backups", headers, "");
        assertThat(refused.status()).as(shown).isEqualTo(401);
        assertThat(refused.headers()).containsEntry("WWW-Authenticate", "Bearer");
        assertThat(refused.body()).doesNotContain("a-token-of-16");
        Reply page = routes.answer("GET", "/", headers, "");
        assertThat(page.status()).as(shown).isEqualTo(401);
        assertThat(page.headers().get("WWW-Authenticate")).startsWith("Basic realm=");
      }
      assertThat(requests.asked).isEmpty();
      assertThat(routes.answer("GET", "/metrics", headers, "").status()).isEqualTo(200);
      assertThat(routes.answer("GET", "/healthz", headers, "").status()).isEqualTo(200);

      headers.set("Authorization", "Bearer a-token-of-16-or-more");
      assertThat(routes.answer("GET", "/api/v1/status", headers, "").status()).isEqualTo(200);
      for (String name : List.of("", "anybody")) {
        headers.set("Authorization", password(name, "a-token-of-16-or-more"));
        assertThat(routes.answer("GET", "/", headers, "").status()).isEqualTo(200);
        headers.set("Authorization", password(name, "another-token-of-16"));
        assertThat(routes.answer("GET", "/", headers, "").status()).isEqualTo(401);
      }
      headers.set("Authorization", "Basic no base64");
      assertThat(routes.answer("GET", "/", headers, "").status()).isEqualTo(401);
    }
  }

  @Test
  void takesNoTokenThatCouldBeGuessedOrThatOthersCanRead(@TempDir Path folder) throws Exception {
    Path file = PrivateFile.write(folder.resolve("token"), "fifteen-letters");
    ApiToken token = new ApiToken(file);
    StatusSources sources =
        new StatusSources(() -> STATUS, () -> PAGE, () -> "", Optional::empty, requests);

    assertThatThrownBy(() -> StatusServer.open("127.0.0.1", 0, Optional.of(token), sources))
        .hasMessageContaining("not at least 16 letters")
        .hasMessageNotContaining("fifteen");

    PrivateFile.write(file, "sixteen-letters!");
    assertThat(token.read()).isEqualTo("sixteen-letters!");

    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    assertThatThrownBy(token::read).hasMessageContaining("can be read or changed by others");
  }

  @Test
  void knowsOnlyItsOwnPathsAndMethods() throws Exception {
    assertThat(get("/index.html").statusCode()).isEqualTo(404);
    assertThat(get("/healthzz").statusCode()).isEqualTo(404);
    assertThat(get("/api/v1/nothing").statusCode()).isEqualTo(404);
    HttpResponse<String> deleted =
        client.send(
            HttpRequest.newBuilder(uri("/api/v1/backups")).DELETE().build(),
            BodyHandlers.ofString());
    assertThat(deleted.statusCode()).isEqualTo(405);
    assertThat(deleted.headers().firstValue("Allow")).contains("GET, HEAD, POST");
    assertThat(raw("DELETE /healthz HTTP/1.1\r\nHost: localhost\r\n")).startsWith("HTTP/1.1 405 ");
  }

  @Test
  void refusesALargeBody() throws Exception {
    HttpResponse<String> response =
        client.send(
            HttpRequest.newBuilder(uri("/api/v1/backups"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofByteArray(new byte[100_000]))
                .build(),
            BodyHandlers.ofString());

    assertThat(response.statusCode()).isEqualTo(413);
    assertThat(requests.asked).isEmpty();
  }

  @Test
  void saysThatItsPortIsTaken() {
    assertThatThrownBy(
            () ->
                StatusServer.open(
                    "127.0.0.1",
                    server.address().getPort(),
                    new StatusSources(
                        () -> STATUS, () -> PAGE, () -> "", Optional::empty, requests)))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e -> assertThat(e.problem()).isInstanceOf(Problem.Misconfigured.class))
        .hasMessageStartingWith("http.listen: cannot listen on /127.0.0.1:");
  }

  private static String password(String name, String password) {
    byte[] both = (name + ":" + password).getBytes(StandardCharsets.UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(both);
  }

  private String raw(String head) throws Exception {
    try (Socket socket = new Socket(server.address().getAddress(), server.address().getPort())) {
      socket
          .getOutputStream()
          .write((head + "Connection: close\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
      InputStream in = socket.getInputStream();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static final class ScriptedRequests implements BackupRequests {
    private Answer answer = new Answer.Started(RUN);
    private Optional<Problem> problem = Optional.empty();
    private final List<BackupRequest> asked = new ArrayList<>();

    @Override
    public Answer request(BackupRequest request) {
      asked.add(request);
      problem.ifPresent(
          known -> {
            throw known.asException();
          });
      return answer;
    }

    @Override
    public Optional<BackupRunView> find(String id) {
      return id.equals(RUN.id()) ? Optional.of(RUN) : Optional.empty();
    }
  }
}
