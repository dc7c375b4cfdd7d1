package io.pgbackup.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// Stands in for Cloudflare's API, which no test can have: the lock rules of one bucket of R2, in
/// the documented format. `PUT` replaces the whole list. Locks nothing.
public final class CloudflareStandIn implements AutoCloseable {
  public static final String ACCOUNT = "0123456789abcdef0123456789abcdef";
  public static final String BUCKET = "backups";
  public static final String TOKEN = "Sn3lZJTBX6kkg7OdcBUAxOO963GEIyGQqnFTOFYY";

  private static final JsonMapper MAPPER = new JsonMapper();

  /// @param jurisdiction the header; empty where there is none
  public record Request(
      String method, String path, Optional<String> jurisdiction, String contentType, String body) {}

  private record Refusal(int status, Optional<String> retryAfter, String body) {}

  private final HttpServer server;
  private final List<Request> requests = new ArrayList<>();
  private final Deque<Refusal> refusals = new ArrayDeque<>();
  private JsonNode rules = MAPPER.createArrayNode();
  private UnaryOperator<JsonNode> meddler = UnaryOperator.identity();

  public CloudflareStandIn() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext("/", this::serve);
    server.start();
  }

  public URI api() {
    return URI.create("http://127.0.0.1:%d/client/v4".formatted(server.getAddress().getPort()));
  }

  public synchronized CloudflareStandIn holding(String json) {
    rules = parse(json);
    return this;
  }

  public synchronized JsonNode rules() {
    return rules.deepCopy();
  }

  public synchronized List<Request> requests() {
    return List.copyOf(requests);
  }

  /// Somebody else writes right after each PUT.
  public synchronized void meddle(UnaryOperator<JsonNode> how) {
    meddler = how;
  }

  /// The next request is answered so.
  public synchronized void refuse(int status, Optional<String> retryAfter, String body) {
    refusals.add(new Refusal(status, retryAfter, body));
  }

  private synchronized void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      Request request =
          new Request(
              exchange.getRequestMethod(),
              exchange.getRequestURI().toString(),
              Optional.ofNullable(exchange.getRequestHeaders().getFirst("cf-r2-jurisdiction")),
              Optional.ofNullable(exchange.getRequestHeaders().getFirst("Content-Type")).orElse(""),
              new String(exchange.getRequestBody().readAllBytes(), UTF_8));
      requests.add(request);
      Refusal refusal = refusals.poll();
      if (refusal != null) {
        refusal.retryAfter().ifPresent(it -> exchange.getResponseHeaders().set("Retry-After", it));
        answer(exchange, refusal.status(), refusal.body());
      } else if (!("Bearer " + TOKEN)
          .equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
        answer(exchange, 403, failure(10000, "Authentication error"));
      } else if (!request
          .path()
          .equals("/client/v4/accounts/%s/r2/buckets/%s/lock".formatted(ACCOUNT, BUCKET))) {
        answer(exchange, 404, failure(10006, "The specified bucket does not exist."));
      } else {
        answer(exchange, 200, success(result(request)));
      }
    }
  }

  private JsonNode result(Request request) {
    ObjectNode result = MAPPER.createObjectNode();
    if (request.method().equals("PUT")) {
      rules = meddler.apply(parse(request.body()).path("rules"));
      return result;
    }
    return result.set("rules", rules);
  }

  private static JsonNode parse(String json) {
    try {
      return MAPPER.readTree(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String success(JsonNode result) {
    ObjectNode body = MAPPER.createObjectNode();
    body.putArray("errors");
    body.putArray("messages");
    body.set("result", result);
    return body.put("success", true).toString();
  }

  public static String failure(int code, String message) {
    ObjectNode body = MAPPER.createObjectNode();
    body.putArray("errors").addObject().put("code", code).put("message", message);
    body.putArray("messages");
    return body.put("success", false).putNull("result").toString();
  }

  private static void answer(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
