package io.pgbackup.cli.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pgbackup.cli.demo.DemoStore.Keys;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// Takes the S3 server that is already there: `minio` on PATH, one that the tests have built, its
/// image in Docker. Without one the backups go into a directory. Builds and downloads nothing.
final class StoreLadder {
  private static final String BUCKET = "demo";
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration QUICK = Duration.ofSeconds(5);

  private final DemoDirectory directory;
  private final Children children;
  private final Map<String, String> environment;

  StoreLadder(DemoDirectory directory, Children children, Map<String, String> environment) {
    this.directory = directory;
    this.children = children;
    this.environment = environment;
  }

  DemoStore find() {
    Path bucket = createBucket();
    return minio()
        .flatMap(this::startProgram)
        .or(() -> image().flatMap(this::startContainer))
        .orElseGet(() -> DemoStore.directory(bucket, "no S3 server was found"));
  }

  /// A folder in MinIO's data directory is a bucket.
  private Path createBucket() {
    Path bucket = directory.bucket().resolve(BUCKET);
    try {
      Files.createDirectories(bucket);
      return bucket;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Optional<Path> minio() {
    Stream<Path> onPath =
        Arrays.stream(environment.getOrDefault("PATH", "").split(File.pathSeparator))
            .filter(folder -> folder.startsWith("/"))
            .map(folder -> Path.of(folder, "minio"));
    Path built = Path.of(System.getProperty("user.home"), ".cache", "pgbackup", "tools", "minio");
    return Stream.concat(onPath, Stream.of(built))
        .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file))
        .findFirst();
  }

  private Optional<DemoStore> startProgram(Path minio) {
    Keys keys = keys();
    int port = Ports.free();
    List<String> command =
        List.of(
            minio.toString(),
            "server",
            "--quiet",
            "--address",
            "127.0.0.1:" + port,
            directory.bucket().toString());
    Process process = children.start(command, settings(keys), directory.log("minio"));
    return answers(port, process)
        ? Optional.of(DemoStore.s3(BUCKET, port, keys, "MinIO (" + minio + ")"))
        : Optional.empty();
  }

  /// An image that Docker has already.
  private Optional<String> image() {
    return output(List.of("docker", "images", "--format", "{{.Repository}}:{{.Tag}}"))
        .flatMap(
            images ->
                images
                    .lines()
                    .filter(image -> image.matches("(.*/)?minio/minio:(?!<none>).*"))
                    .findFirst());
  }

  private Optional<DemoStore> startContainer(String image) {
    Keys keys = keys();
    int port = Ports.free();
    List<String> command = new ArrayList<>(List.of("docker", "run", "--rm", "--pull=never"));
    settings(keys).keySet().forEach(name -> command.addAll(List.of("-e", name)));
    command.addAll(List.of("-p", "127.0.0.1:" + port + ":9000", "--entrypoint", "sh", image));
    command.addAll(List.of("-c", "mkdir -p /data/" + BUCKET + " && exec minio server /data"));
    Process process = children.start(command, settings(keys), directory.log("minio"));
    return answers(port, process)
        ? Optional.of(DemoStore.s3(BUCKET, port, keys, "MinIO in Docker (" + image + ")"))
        : Optional.empty();
  }

  private static Keys keys() {
    byte[] random = new byte[20];
    new SecureRandom().nextBytes(random);
    return new Keys("demo", HexFormat.of().formatHex(random));
  }

  private static Map<String, String> settings(Keys keys) {
    return Map.of(
        "MINIO_ROOT_USER",
        keys.id(),
        "MINIO_ROOT_PASSWORD",
        keys.secret(),
        "MINIO_BROWSER",
        "off",
        "MINIO_UPDATE",
        "off");
  }

  private static boolean answers(int port, Process process) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (process.isAlive() && System.nanoTime() - deadline < 0) {
      if (isReady(port)) {
        return true;
      }
      pause();
    }
    Children.end(process);
    return false;
  }

  private static boolean isReady(int port) {
    try {
      HttpURLConnection connection =
          (HttpURLConnection)
              URI.create("http://127.0.0.1:" + port + "/minio/health/ready")
                  .toURL()
                  .openConnection(Proxy.NO_PROXY);
      connection.setConnectTimeout(1000);
      connection.setReadTimeout(1000);
      return connection.getResponseCode() == 200;
    } catch (IOException _) {
      return false;
    }
  }

  private static void pause() {
    try {
      Thread.sleep(Duration.ofMillis(50));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  /// What a command prints, if it can be run and succeeds soon.
  private static Optional<String> output(List<String> command) {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .redirectInput(new File("/dev/null"))
              .start();
      if (!process.waitFor(QUICK.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
        return Optional.empty();
      }
      String text = new String(process.getInputStream().readAllBytes(), UTF_8);
      return process.exitValue() == 0 ? Optional.of(text) : Optional.empty();
    } catch (IOException _) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }
}
