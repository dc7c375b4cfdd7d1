package io.pgbackup.status;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The agent's HTTP server: the page at `/`, `/healthz`, `/readyz`, `/metrics`, `/api/v1/status`,
/// `/api/v1/backups`. Serves from [#open] to [#close], each request on a virtual thread of its own.
public final class StatusServer implements AutoCloseable {
  private static final Logger LOGGER = LoggerFactory.getLogger(StatusServer.class);
  private static final int LARGEST_BODY = 64 << 10;

  private final HttpServer server;
  private final ExecutorService threads;

  private StatusServer(HttpServer server, ExecutorService threads) {
    this.server = server;
    this.threads = threads;
  }

  /// @param host the address to bind
  /// @param port 0 takes a free one
  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` if it cannot listen there
  public static StatusServer open(String host, int port, StatusSources sources) {
    return open(host, port, Optional.empty(), sources);
  }

  /// @param host the address to bind
  /// @param port 0 takes a free one
  /// @param token that `/api` asks for; without one it is refused off loopback
  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` if it cannot listen there, or
  ///   the token cannot be used
  public static StatusServer open(
      String host, int port, Optional<ApiToken> token, StatusSources sources) {
    token.ifPresent(ApiToken::read);
    HttpServer server = bind(new InetSocketAddress(host, port));
    Routes routes = new Routes(sources, new RequestGuard(server.getAddress().getAddress(), token));
    ExecutorService threads =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("http-", 0).factory());
    server.setExecutor(threads);
    server.createContext("/", exchange -> handle(exchange, routes));
    server.start();
    return new StatusServer(server, threads);
  }

  private static HttpServer bind(InetSocketAddress address) {
    try {
      return HttpServer.create(address, 0);
    } catch (IOException | RuntimeException e) {
      throw Problem.misconfigured(
              "http.listen: cannot listen on %s: %s".formatted(address, e.getMessage()),
              "Choose another address or port; another agent may use this one.")
          .causedBy(e);
    }
  }

  /// Where it listens; tells the port where 0 was asked for.
  public InetSocketAddress address() {
    return server.getAddress();
  }

  private static void handle(HttpExchange exchange, Routes routes) throws IOException {
    try (exchange) {
      Reply reply = answer(exchange, routes);
      byte[] body = reply.body().getBytes(StandardCharsets.UTF_8);
      boolean head = exchange.getRequestMethod().equals("HEAD");
      reply.headers().forEach(exchange.getResponseHeaders()::set);
      exchange.getResponseHeaders().set("Content-Type", reply.contentType());
      exchange.getResponseHeaders().set("Cache-Control", "no-store");
      exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
      exchange.sendResponseHeaders(reply.status(), head ? -1 : body.length);
      if (!head) {
        exchange.getResponseBody().write(body);
      }
    }
  }

  private static Reply answer(HttpExchange exchange, Routes routes) throws IOException {
    try (InputStream body = exchange.getRequestBody()) {
      byte[] content = body.readNBytes(LARGEST_BODY + 1);
      if (content.length > LARGEST_BODY) {
        return Reply.failure(
            413,
            Problem.misconfigured(
                "the request's body is too large", "Give less user data, or none."));
      }
      return routes.answer(
          exchange.getRequestMethod(),
          exchange.getRequestURI().getPath(),
          exchange.getRequestHeaders(),
          new String(content, StandardCharsets.UTF_8));
    } catch (RuntimeException e) {
      LOGGER
          .atError()
          .addKeyValue("path", exchange.getRequestURI().getPath())
          .setCause(e)
          .log("request failed");
      return Reply.failure(Problem.bug("the agent could not answer: " + e));
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.close();
  }
}
