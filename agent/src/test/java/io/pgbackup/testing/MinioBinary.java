package io.pgbackup.testing;

import io.pgbackup.testing.Minio.Missing;
import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;

/// Finds the program `minio` on PATH or in the user's cache, or builds it there.
final class MinioBinary {
  private static final String MODULE = "github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c";

  private MinioBinary() {}

  static Path find() throws Missing {
    Optional<Path> installed = onPath("minio");
    if (installed.isPresent()) {
      return installed.get();
    }
    Path tools = cache().resolve("pgbackup").resolve("tools");
    Path built = tools.resolve("minio");
    if (MinioProcess.isProgram(built)) {
      return built;
    }
    Path go =
        onPath("go")
            .orElseThrow(
                () -> new Missing("no Docker daemon answers, and neither minio nor go is on PATH"));
    build(go, tools);
    return built;
  }

  // Several JVMs may come here at once.
  private static void build(Path go, Path tools) throws Missing {
    try {
      Files.createDirectories(tools);
      try (FileChannel lock =
              FileChannel.open(
                  tools.resolve("minio.lock"),
                  StandardOpenOption.CREATE,
                  StandardOpenOption.WRITE);
          var _ = lock.lock()) {
        if (MinioProcess.isProgram(tools.resolve("minio"))) {
          return;
        }
        Path log = tools.resolve("minio-build.log");
        var builder =
            new ProcessBuilder(go.toString(), "install", MODULE)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().put("CGO_ENABLED", "0");
        builder.environment().put("GOBIN", tools.toString());
        if (builder.start().waitFor() != 0) {
          throw new Missing("go could not build it, see " + log);
        }
      }
    } catch (IOException e) {
      throw new Missing("go could not be run: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Missing("interrupted while go built it");
    }
  }

  private static Path cache() {
    return Optional.ofNullable(System.getenv("XDG_CACHE_HOME"))
        .map(Path::of)
        .orElse(Path.of(System.getProperty("user.home"), ".cache"));
  }

  private static Optional<Path> onPath(String program) {
    return Arrays.stream(
            Optional.ofNullable(System.getenv("PATH")).orElse("").split(File.pathSeparator))
        .filter(directory -> !directory.isEmpty())
        .map(directory -> Path.of(directory, program))
        .filter(MinioProcess::isProgram)
        .findFirst();
  }
}
