package io.pgbackup.cli.story;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// The launchers and their libraries, copied to where PostgreSQL's user can reach them: the
/// checkout may lie in a folder that only root can enter.
final class Installation {
  private final Path folder;

  private Installation(Path folder) {
    this.folder = folder;
  }

  static Installation copyTo(Path folder) {
    Path root = Path.of("..").toAbsolutePath().normalize();
    Installation installation = new Installation(folder);
    installation.copy(root, "cli", "pgbackup");
    installation.copy(root, "agent", "pgbackup-agent");
    return installation;
  }

  private void copy(Path root, String module, String launcher) {
    Path home = folder.resolve(module);
    Path built = root.resolve(module).resolve("target");
    try {
      Files.createDirectories(home.resolve("target/lib"));
      Path copied = Files.copy(root.resolve(module).resolve(launcher), home.resolve(launcher));
      Files.setPosixFilePermissions(copied, PosixFilePermissions.fromString("rwxr-xr-x"));
      for (String from : List.of("", "lib")) {
        try (Stream<Path> files = Files.list(built.resolve(from))) {
          for (Path file : files.filter(Installation::isNeededToRun).toList()) {
            Path to = home.resolve("target").resolve(from).resolve(file.getFileName());
            // the JVM's cache is only for jars of the same times
            Files.copy(file, to, StandardCopyOption.COPY_ATTRIBUTES);
            Files.setPosixFilePermissions(to, PosixFilePermissions.fromString("rw-r--r--"));
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isNeededToRun(Path path) {
    String name = path.getFileName().toString();
    return name.endsWith(".aot") || (name.endsWith(".jar") && !name.endsWith("-tests.jar"));
  }

  Path cli() {
    return folder.resolve("cli/pgbackup");
  }

  Path agent() {
    return folder.resolve("agent/pgbackup-agent");
  }

  /// @param out what the command wrote to stdout
  /// @param err what it wrote to stderr
  record Answer(int status, String out, String err) {
    @Override
    public String toString() {
      return "status " + status + "\n" + out + "\n" + err;
    }
  }

  Answer pgbackup(Map<String, String> environment, String... arguments) {
    List<String> command = new ArrayList<>(List.of(cli().toString()));
    command.addAll(List.of(arguments));
    try {
      Path out = Files.createTempFile("pgbackup-out", ".txt");
      Path err = Files.createTempFile("pgbackup-err", ".txt");
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .redirectOutput(out.toFile())
              .redirectError(err.toFile());
      builder.environment().putAll(environment);
      Process process = builder.start();
      if (!process.waitFor(10, TimeUnit.MINUTES)) {
        process.destroyForcibly();
        throw new IllegalStateException(command + " did not end\n" + Files.readString(err));
      }
      Answer answer = new Answer(process.exitValue(), Files.readString(out), Files.readString(err));
      Files.delete(out);
      Files.delete(err);
      return answer;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
