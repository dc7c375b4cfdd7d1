package io.pgbackup.testing;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;

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

  /// Its health checks succeed a little before it serves requests.
  static void awaitReady(URI endpoint, Runnable stillAlive) {
    try (S3Client client = S3Server.client(endpoint)) {
      await("MinIO at " + endpoint)
          .atMost(Duration.ofSeconds(60))
          .pollInterval(Duration.ofMillis(50))
          .until(
              () -> {
                stillAlive.run();
                return answers(client);
              });
    }
  }

  private static boolean answers(S3Client client) {
    try {
      client.listBuckets();
      return true;
    } catch (SdkException _) {
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
