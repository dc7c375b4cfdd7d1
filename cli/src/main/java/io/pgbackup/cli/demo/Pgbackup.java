package io.pgbackup.cli.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pgbackup.postgres.process.PostgresInstallation;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.problem.Problem;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Runs the command line as a person would, as the server's user and with the demo's configuration.
final class Pgbackup {
  private final Programs programs;
  private final PostgresInstallation postgres;
  private final ServerUser user;
  private final DemoDirectory directory;
  private final Children children;

  /// @param postgres restores recover with it
  Pgbackup(
      Programs programs,
      PostgresInstallation postgres,
      ServerUser user,
      DemoDirectory directory,
      Children children) {
    this.programs = programs;
    this.postgres = postgres;
    this.user = user;
    this.directory = directory;
    this.children = children;
  }

  /// What every program of the demo finds in its environment.
  Map<String, String> environment() {
    return Map.of(
        "JAVA_HOME",
        programs.javaHome().toString(),
        "PGBACKUP_CONFIG",
        directory.config().toString(),
        "PATH",
        postgres.binDirectory() + ":" + System.getenv("PATH"));
  }

  /// @return standard output
  /// @throws io.pgbackup.problem.PgBackupException if the command fails, with what it said
  String run(List<String> arguments) {
    List<String> command = new ArrayList<>(List.of(programs.pgbackup()));
    command.addAll(arguments);
    Path words = directory.log("command");
    try {
      Files.deleteIfExists(words);
      ProcessBuilder builder =
          new ProcessBuilder(user.command(command))
              .directory(new File("/"))
              .redirectInput(new File("/dev/null"))
              .redirectError(words.toFile());
      Children.prepare(builder.environment(), environment());
      Process process = builder.start();
      children.beforeOthers(() -> Children.end(process));
      String data = new String(process.getInputStream().readAllBytes(), UTF_8);
      int status = process.waitFor();
      if (status != 0) {
        throw failed(arguments, status, Files.readString(words));
      }
      return data;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Problem.timedOut("interrupted", "Run the demo again.").causedBy(e);
    }
  }

  private RuntimeException failed(List<String> arguments, int status, String said) {
    String reason =
        said.lines()
            .filter(line -> line.startsWith("ERROR: "))
            .map(line -> line.substring("ERROR: ".length()))
            .reduce((_, last) -> last)
            .orElse(said.strip());
    return Problem.verificationFailed(
            "'pgbackup %s' exited with %d: %s".formatted(arguments.getFirst(), status, reason),
            "Its words are in %s, the agent's in %s."
                .formatted(directory.log("command"), directory.log("agent")))
        .asException();
  }
}
