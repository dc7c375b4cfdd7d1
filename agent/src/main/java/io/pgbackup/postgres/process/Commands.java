package io.pgbackup.postgres.process;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/// Runs PostgreSQL's programs: from the root directory, because the server's user may be unable to
/// enter ours, and with an environment that holds neither credentials nor `PG*` settings of ours.
final class Commands {
  private static final Set<String> PASSED_ON =
      Set.of("PATH", "LANG", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR");
  private static final int KEPT_OUTPUT = 16 << 10;
  private static final File NOTHING = new File("/dev/null");

  private Commands() {}

  /// Starts a program that prints to a file.
  static Process start(List<String> command, File output) throws IOException {
    Optional<Path> host = ProgramHost.socket();
    if (host.isPresent()) {
      return HostedProgram.start(host.get(), command, output.toString());
    }
    return prepare(command)
        .redirectErrorStream(true)
        .redirectInput(ProcessBuilder.Redirect.from(NOTHING))
        .redirectOutput(ProcessBuilder.Redirect.appendTo(output))
        .start();
  }

  static ProcessBuilder prepare(List<String> command) {
    ProcessBuilder builder = new ProcessBuilder(command).directory(new File("/"));
    Map<String, String> environment = builder.environment();
    environment.keySet().removeIf(name -> !PASSED_ON.contains(name) && !name.startsWith("LC_"));
    return builder;
  }

  /// Runs a command to its end and keeps the tail of what it printed.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `PostgresFailed` if it cannot be started,
  ///   `TimedOut` if it took longer; it is then killed
  static CommandResult run(List<String> command, Duration timeout) {
    Optional<Path> host = ProgramHost.socket();
    return host.isPresent() ? runHosted(host.get(), command, timeout) : runHere(command, timeout);
  }

  /// What it prints is read from a file beside the socket.
  private static CommandResult runHosted(Path socket, List<String> command, Duration timeout) {
    try {
      Path output = Files.createTempFile(socket.toAbsolutePath().getParent(), "output-", "");
      try {
        int status = runInto(output, command, timeout);
        byte[] printed = Files.readAllBytes(output);
        int kept = Math.min(printed.length, KEPT_OUTPUT);
        return new CommandResult(
            status, new String(printed, printed.length - kept, kept, UTF_8).strip());
      } finally {
        Files.deleteIfExists(output);
      }
    } catch (IOException e) {
      throw cannotRun(command, e);
    }
  }

  private static CommandResult runHere(List<String> command, Duration timeout) {
    try {
      Process process =
          prepare(command)
              .redirectErrorStream(true)
              .redirectInput(ProcessBuilder.Redirect.from(NOTHING))
              .start();
      StringBuilder output = new StringBuilder();
      Thread reader =
          Thread.ofVirtual().name("command-output").start(() -> collect(process, output));
      if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
        throw tooLong(command, timeout);
      }
      // What the command started may hold the pipe open long after it has ended itself.
      reader.join(Duration.ofSeconds(2));
      synchronized (output) {
        return new CommandResult(process.exitValue(), output.toString().strip());
      }
    } catch (IOException e) {
      throw cannotRun(command, e);
    } catch (InterruptedException e) {
      throw interrupted(command, e);
    }
  }

  /// Runs a command that leaves a daemon behind. We open the file that both print to.
  ///
  /// @return its exit status
  /// @throws io.pgbackup.problem.PgBackupException as [#run]
  static int runInto(Path output, List<String> command, Duration timeout) {
    try {
      Process process = start(command, output.toFile());
      if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
        throw tooLong(command, timeout);
      }
      return process.exitValue();
    } catch (IOException e) {
      throw cannotRun(command, e);
    } catch (InterruptedException e) {
      throw interrupted(command, e);
    }
  }

  private static PgBackupException tooLong(List<String> command, Duration timeout) {
    return Problem.timedOut(
            command.getFirst() + " took over " + timeout.toSeconds() + " s",
            "Look at the server's log for what it is waiting for.")
        .asException();
  }

  private static PgBackupException cannotRun(List<String> command, IOException cause) {
    return Problem.postgresFailed(
            "cannot run " + command.getFirst() + ": " + cause.getMessage(),
            "Check that the program exists and may be executed.")
        .causedBy(cause);
  }

  private static PgBackupException interrupted(List<String> command, InterruptedException cause) {
    Thread.currentThread().interrupt();
    return Problem.timedOut(
            "interrupted while " + command.getFirst() + " ran", "Run the command again.")
        .causedBy(cause);
  }

  private static void collect(Process process, StringBuilder output) {
    byte[] buffer = new byte[4096];
    try (InputStream stream = process.getInputStream()) {
      for (int read = stream.read(buffer); read >= 0; read = stream.read(buffer)) {
        synchronized (output) {
          output.append(new String(buffer, 0, read, UTF_8));
          if (output.length() > KEPT_OUTPUT) {
            output.delete(0, output.length() - KEPT_OUTPUT);
          }
        }
      }
    } catch (IOException _) {
      // The command was killed; what it said until then is kept.
    }
  }
}
