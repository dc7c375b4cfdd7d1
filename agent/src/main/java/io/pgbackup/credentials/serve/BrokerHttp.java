package io.pgbackup.credentials.serve;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.pgbackup.credentials.broker.Renewer;
import io.pgbackup.problem.Problem;
import io.pgbackup.telemetry.Exposition;
import io.pgbackup.telemetry.Meters;
import io.pgbackup.telemetry.Readings;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/// `/metrics` and `/healthz`; nothing that holds a secret or changes anything. Healthy means that
/// the process answers: a broker that is started again gets no credential sooner.
final class BrokerHttp implements AutoCloseable {
  private final HttpServer server;
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("http-", 0).factory());

  private BrokerHttp(HttpServer server) {
    this.server = server;
  }

  static BrokerHttp open(String host, int port) {
    InetSocketAddress address = new InetSocketAddress(host, port);
    try {
      return new BrokerHttp(HttpServer.create(address, 0));
    } catch (IOException | RuntimeException e) {
      throw Problem.misconfigured(
              "broker.listen: cannot listen on %s: %s".formatted(address, e.getMessage()),
              "Choose another address or port.")
          .causedBy(e);
    }
  }

  void serve(Supplier<List<Renewer.State>> states) {
    Exposition exposition = new Exposition(() -> readings(states.get()));
    server.setExecutor(threads);
    server.createContext("/", exchange -> answer(exchange, exposition));
    server.start();
  }

  InetSocketAddress address() {
    return server.getAddress();
  }

  /// Of two outputs of one cluster and role the one that ends first counts.
  static Readings readings(List<Renewer.State> states) {
    Map<Map<String, String>, Instant> ends = new HashMap<>();
    Map<Map<String, String>, Double> failures = new HashMap<>();
    for (Renewer.State state : states) {
      Map<String, String> labels =
          Map.of(
              "namespace", state.cluster().namespace(),
              "cluster", state.cluster().name(),
              "role", state.role().word());
      failures.merge(labels, (double) state.failures(), Double::sum);
      state
          .expiration()
          .ifPresent(
              end -> ends.merge(labels, end, (one, other) -> one.isBefore(other) ? one : other));
    }
    Readings readings = new Readings();
    ends.forEach(
        (labels, end) -> readings.put(Meters.BROKER_EXPIRATION, labels, end.toEpochMilli() / 1e3));
    failures.forEach((labels, count) -> readings.put(Meters.BROKER_FAILURES, labels, count));
    return readings;
  }

  private static void answer(HttpExchange exchange, Exposition exposition) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      boolean head = exchange.getRequestMethod().equals("HEAD");
      if (!head && !exchange.getRequestMethod().equals("GET")) {
        exchange.sendResponseHeaders(405, -1);
        return;
      }
      switch (path) {
        case "/healthz" -> send(exchange, head, "text/plain; charset=utf-8", "ok\n");
        case "/metrics" -> send(exchange, head, Exposition.CONTENT_TYPE, exposition.scrape());
        default -> exchange.sendResponseHeaders(404, -1);
      }
    }
  }

  private static void send(HttpExchange exchange, boolean head, String type, String text)
      throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.getResponseHeaders().set("Cache-Control", "no-store");
    exchange.sendResponseHeaders(200, head ? -1 : body.length);
    if (!head) {
      exchange.getResponseBody().write(body);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
