package io.pgbackup.testing;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.SSLHandshakeException;

/// One MinIO server, however it is run.
interface Minio extends AutoCloseable {
  URI endpoint();

  void stop();

  void startAgain();

  @Override
  void close();

  /// Says why there is no server.
  final class Missing extends Exception {
    private static final long serialVersionUID = 1L;

    Missing(String message) {
      super(message);
    }
  }

  static Minio start() throws Missing {
    Optional<MinioContainer> container = MinioContainer.start();
    return container.isPresent() ? container.get() : MinioProcess.start(MinioBinary.find());
  }

  static void awaitReady(URI endpoint, Runnable stillAlive) {
    await("MinIO at " + endpoint)
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(50))
        .until(
            () -> {
              stillAlive.run();
              return answers(endpoint);
            });
  }

  private static boolean answers(URI endpoint) {
    try {
      var connection =
          (HttpURLConnection) endpoint.resolve("/minio/health/cluster").toURL().openConnection();
      connection.setConnectTimeout(1_000);
      connection.setReadTimeout(1_000);
      return connection.getResponseCode() == 200;
    } catch (SSLHandshakeException _) {
      return true; // It has a certificate that we do not know here, so it is up.
    } catch (IOException _) {
      return false;
    }
  }

  static Path temporaryDirectory() {
    try {
      Path directory = Files.createTempDirectory("pgbackup-s3-");
      Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(directory), "delete-s3-files"));
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void delete(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (IOException | UncheckedIOException _) {
      // Gone already.
    }
  }
}
