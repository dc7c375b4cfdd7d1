package io.pgbackup.postgres.process;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Finds programs as a shell would, where they are going to run.
final class Programs {
  private static final String SYSTEM_FOLDERS = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";

  private static final Duration QUICK = Duration.ofSeconds(20);

  private Programs() {}

  static Optional<Path> find(String name) {
    return folders().map(folder -> folder.resolve(name)).filter(Programs::isExecutable).findFirst();
  }

  static boolean isExecutable(Path program) {
    return ProgramHost.socket().isEmpty()
        ? Files.isExecutable(program)
        : Commands.run(
                List.of("/bin/sh", "-c", "test -f \"$0\" && test -x \"$0\"", program.toString()),
                QUICK)
            .succeeded();
  }

  static Stream<Path> folders() {
    String path =
        ProgramHost.socket().isEmpty()
            ? System.getenv().getOrDefault("PATH", SYSTEM_FOLDERS)
            : Commands.run(List.of("/bin/sh", "-c", "echo \"$PATH\""), QUICK).output();
    return Arrays.stream(path.split(File.pathSeparator))
        .filter(folder -> folder.startsWith("/"))
        .map(Path::of);
  }
}
