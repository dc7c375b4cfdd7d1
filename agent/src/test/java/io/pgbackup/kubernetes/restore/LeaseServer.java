package io.pgbackup.kubernetes.restore;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/// As much of Kubernetes' API as one Lease needs: made once, and changed only by who read what
/// stands there now.
final class LeaseServer implements AutoCloseable {
  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private volatile CountDownLatch reads = new CountDownLatch(0);
  private volatile boolean answerOfAWriteIsLost;
  private volatile Runnable meanwhile = () -> {};
  private Optional<Lease> stored = Optional.empty();
  private int version;

  LeaseServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/apis/coordination.k8s.io/v1/namespaces/shop/leases",
        exchange -> {
          try (exchange) {
            answer(exchange);
          }
        });
    server.setExecutor(threads);
    server.start();
  }

  String address() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /// The next reads are answered when so many were asked.
  void answerReadsTogether(int count) {
    reads = new CountDownLatch(count);
  }

  /// The next write is carried out, and its writer hears that the API is away.
  ///
  /// @param happens until he asks again
  void loseTheNextAnswer(Runnable happens) {
    meanwhile = happens;
    answerOfAWriteIsLost = true;
  }

  private void answer(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    switch (exchange.getRequestMethod()) {
      case "GET" -> {
        Optional<Lease> read = read();
        await();
        send(exchange, read.isPresent() ? 200 : 404, read);
      }
      case "POST" -> written(exchange, Serialization.unmarshal(body, Lease.class), true);
      case "PUT" -> written(exchange, Serialization.unmarshal(body, Lease.class), false);
      default -> send(exchange, 405, Optional.empty());
    }
  }

  private synchronized Optional<Lease> read() {
    return stored;
  }

  private void await() {
    try {
      reads.countDown();
      if (!reads.await(30, TimeUnit.SECONDS)) {
        throw new AssertionError("the other one does not ask");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void written(HttpExchange exchange, Lease lease, boolean create) throws IOException {
    boolean fits = write(lease, create);
    if (answerOfAWriteIsLost) {
      answerOfAWriteIsLost = false;
      meanwhile.run();
      send(exchange, 503, Optional.empty());
      return;
    }
    send(exchange, fits ? create ? 201 : 200 : 409, fits ? Optional.of(lease) : Optional.empty());
  }

  private synchronized boolean write(Lease lease, boolean create) {
    boolean fits =
        create
            ? stored.isEmpty()
            : stored
                .filter(
                    known ->
                        known
                            .getMetadata()
                            .getResourceVersion()
                            .equals(lease.getMetadata().getResourceVersion()))
                .isPresent();
    if (fits) {
      lease.getMetadata().setResourceVersion(String.valueOf(++version));
      stored = Optional.of(lease);
    }
    return fits;
  }

  private static void send(HttpExchange exchange, int status, Optional<Lease> lease)
      throws IOException {
    Object content = lease.isPresent() ? lease.get() : new StatusBuilder().withCode(status).build();
    byte[] bytes = Serialization.asJson(content).getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
