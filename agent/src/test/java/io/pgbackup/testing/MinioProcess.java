package io.pgbackup.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// The program `minio` on a port and a directory of its own.
final class MinioProcess implements Minio {
  private static final int ATTEMPTS = 5;

  private final Path program;
  private final Optional<Path> certificates;
  private final Path directory = Minio.temporaryDirectory();
  private final Path log = directory.resolve("log");
  private int port;
  private Process process;

  private MinioProcess(Path program, Optional<Path> certificates) {
    this.program = program;
    this.certificates = certificates;
    this.process = startOnFreePort();
    Runtime.getRuntime().addShutdownHook(new Thread(this::close, "stop-minio"));
  }

  static Minio start(Path program) {
    return new MinioProcess(program, Optional.empty());
  }

  /// @param certificates a folder with `public.crt` and `private.key`
  static Minio secured(Path program, Path certificates) {
    return new MinioProcess(program, Optional.of(certificates));
  }

  // Between finding a free port and using it somebody else may take it.
  private Process startOnFreePort() {
    for (int attempt = 1; ; attempt++) {
      port = FreePort.find();
      try {
        return launch();
      } catch (IllegalStateException e) {
        if (attempt == ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  private Process launch() {
    var command = new ArrayList<>(List.of(program.toString(), "server", "--quiet"));
    command.addAll(List.of("--address", "127.0.0.1:" + port));
    command.addAll(List.of("--console-address", "127.0.0.1:" + FreePort.find()));
    certificates.ifPresent(folder -> command.addAll(List.of("--certs-dir", folder.toString())));
    command.add(directory.resolve("data").toString());
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder
        .environment()
        .putAll(
            Map.of(
                "MINIO_ROOT_USER",
                S3Server.ACCESS_KEY,
                "MINIO_ROOT_PASSWORD",
                S3Server.SECRET_KEY,
                "MINIO_BROWSER",
                "off",
                "MINIO_UPDATE",
                "off",
                "HOME",
                directory.toString()));
    try {
      Process started = builder.start();
      Minio.awaitReady(endpoint(), () -> checkAlive(started));
      return started;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void checkAlive(Process started) {
    if (!started.isAlive()) {
      try {
        throw new IllegalStateException("MinIO ended: " + Files.readString(log));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Override
  public URI endpoint() {
    return URI.create((certificates.isPresent() ? "https" : "http") + "://127.0.0.1:" + port);
  }

  @Override
  public void stop() {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void startAgain() {
    process = launch();
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
    Minio.delete(directory);
  }

  static boolean isProgram(Path path) {
    return Files.isRegularFile(path) && new File(path.toString()).canExecute();
  }
}
