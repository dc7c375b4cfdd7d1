package io.pgbackup.cli;

import io.pgbackup.archive.ArchiveSocket;
import io.pgbackup.archive.Retry;
import io.pgbackup.archive.SocketLimits;
import io.pgbackup.archive.WalArchiver;
import io.pgbackup.archive.WalServer;
import io.pgbackup.engine.WalEngine;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.store.file.FileObjectStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/// A process of its own that takes a segment and never answers, so that it can be killed.
final class DyingAgent {
  private DyingAgent() {}

  /// @param moment whether it stops `before` or `after` the store has the segment
  static Process start(Path socket, Path dataDirectory, Path store, String moment)
      throws IOException {
    return new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                DyingAgent.class.getName(),
                socket.toString(),
                dataDirectory.toString(),
                store.toString(),
                moment))
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  public static void main(String[] arguments) {
    WalEngine real = WalPushIT.engine(FileObjectStore.open(Path.of(arguments[2])));
    var retry = new Retry(Duration.ZERO, Duration.ofMillis(1));
    var engine = new Holding(real, arguments[3].equals("after"));
    ArchiveSocket.open(
        Path.of(arguments[0]),
        Path.of(arguments[1]),
        new WalArchiver((_, _, _) -> {}, engine, retry, Clock.systemUTC()),
        new WalServer(engine, retry, Clock.systemUTC()),
        SocketLimits.DEFAULT);
    System.out.println("listening");
  }

  private record Holding(WalEngine real, boolean afterwards) implements WalEngine {
    @Override
    public Pushed push(WalFileName name, byte[] content) {
      if (afterwards) {
        real.push(name, content);
      }
      System.out.println("holding " + name.text());
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      throw new IllegalStateException("nobody opens the latch");
    }

    @Override
    public Optional<byte[]> fetch(WalFileName name) {
      return real.fetch(name);
    }
  }
}
