package io.pgbackup.page;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pgbackup.testing.FreePort;
import java.io.File;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A headless Chromium, driven by `chromedriver` as the WebDriver standard says
/// (https://www.w3.org/TR/webdriver2/).
final class Browser implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Process driver;
  private final String session;
  private final HttpClient client = HttpClient.newHttpClient();

  private Browser(Path folder) throws Exception {
    int port = FreePort.find();
    driver =
        new ProcessBuilder(program().orElseThrow().toString(), "--port=" + port)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("chromedriver.log").toFile())
            .start();
    String all = "http://127.0.0.1:" + port + "/session";
    await().ignoreException(ConnectException.class).until(() -> status(port) == 200);
    List<String> arguments =
        List.of(
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            "--user-data-dir=" + folder.resolve("profile"));
    JsonNode made =
        post(
            all,
            Map.of(
                "capabilities",
                Map.of("alwaysMatch", Map.of("goog:chromeOptions", Map.of("args", arguments)))));
    session = all + "/" + made.path("sessionId").asText();
  }

  static boolean isHere() {
    return program().isPresent();
  }

  static Browser open(Path folder) throws Exception {
    return new Browser(folder);
  }

  private static Optional<Path> program() {
    return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
        .map(folder -> Path.of(folder, "chromedriver"))
        .filter(Files::isExecutable)
        .findFirst();
  }

  private int status(int port) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + port + "/status");
    return client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.discarding()).statusCode();
  }

  private JsonNode post(String url, Map<String, ?> body) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url))
            .POST(BodyPublishers.ofString(JSON.writeValueAsString(body), UTF_8))
            .build();
    JsonNode answer = JSON.readTree(client.send(request, BodyHandlers.ofString()).body());
    if (answer.path("value").has("error")) {
      throw new AssertionError(answer.toPrettyString());
    }
    return answer.path("value");
  }

  void show(String url) throws Exception {
    post(session + "/url", Map.of("url", url));
  }

  void resize(int width, int height) throws Exception {
    post(session + "/window/rect", Map.of("width", width, "height", height));
  }

  String ask(String expression) throws Exception {
    return post(
            session + "/execute/sync",
            Map.of("script", "return String(" + expression + ")", "args", List.of()))
        .asText();
  }

  @Override
  public void close() throws IOException {
    try {
      client.send(
          HttpRequest.newBuilder(URI.create(session)).DELETE().build(), BodyHandlers.discarding());
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      client.close();
      driver.destroy();
      driver.onExit().join();
    }
  }
}
