package io.pgbackup.store.s3;

import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import io.pgbackup.config.AccessKeys;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.credentials.StoreCredentials;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Optional;
import java.util.concurrent.Executor;

/// A server on this machine that a test lets answer as a store would.
record StandInStore(HttpServer server) implements AutoCloseable {
  static final StoreCredentials CREDENTIALS =
      StoreCredentials.of(new AccessKeys("id", "secret", Optional.empty()));

  static StandInStore start(HttpHandler answer, Executor executor) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(executor);
    server.createContext("/", answer);
    server.start();
    return new StandInStore(server);
  }

  StorageConfig config() {
    return new StorageConfig(
        URI.create("s3://backups"),
        Optional.of(URI.create("http://127.0.0.1:" + server.getAddress().getPort())),
        "us-east-1",
        /* pathStyle= */ true,
        Optional.empty(),
        Optional.empty(),
        "");
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
