package io.pgbackup.postgres.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// The lines of `postmaster.pid` (src/include/utils/pidfile.h): process, data directory, start
/// time, port, socket directory, listen address, shared memory key, status.
record PostmasterPid(
    long pid,
    Instant started,
    int port,
    Optional<Path> socketDirectory,
    Optional<SharedMemory> sharedMemory,
    String status) {
  /// As `/proc/sysvipc/shm` shows it.
  record SharedMemory(String key, String id) {}

  static final String FILE = "postmaster.pid";

  /// Nothing where there is no file, or where it is being written.
  static Optional<PostmasterPid> read(Path dataDirectory) {
    try {
      return parse(Files.readAllLines(dataDirectory.resolve(FILE)));
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  static Optional<PostmasterPid> parse(List<String> lines) {
    try {
      // A standalone backend writes its number with a minus sign.
      long pid = Math.abs(Long.parseLong(line(lines, 0)));
      String port = line(lines, 3);
      String directory = line(lines, 4);
      return pid == 0
          ? Optional.empty()
          : Optional.of(
              new PostmasterPid(
                  pid,
                  Instant.ofEpochSecond(Long.parseLong(line(lines, 2))),
                  port.isEmpty() ? 0 : Integer.parseInt(port),
                  directory.isEmpty() ? Optional.empty() : Optional.of(Path.of(directory)),
                  sharedMemory(line(lines, 6)),
                  line(lines, 7).toLowerCase(Locale.ROOT)));
    } catch (NumberFormatException _) {
      return Optional.empty();
    }
  }

  private static Optional<SharedMemory> sharedMemory(String line) {
    String[] fields = line.split("\\s+");
    return fields.length == 2
        ? Optional.of(new SharedMemory(fields[0], fields[1]))
        : Optional.empty();
  }

  private static String line(List<String> lines, int index) {
    return index < lines.size() ? lines.get(index).strip() : "";
  }

  /// Whether the process lives and is the server of this directory: after a crash its number may
  /// belong to another program.
  boolean isAlive(Path dataDirectory) {
    if (ProgramHost.socket().isPresent()) {
      return isAliveThere(dataDirectory);
    }
    Optional<ProcessHandle> process = ProcessHandle.of(pid).filter(ProcessHandle::isAlive);
    if (process.isEmpty()) {
      return false;
    }
    // A server's working directory is its data directory.
    Path workingDirectory = Path.of("/proc", Long.toString(pid), "cwd");
    try {
      return Files.readSymbolicLink(workingDirectory).equals(dataDirectory.toRealPath());
    } catch (IOException _) {
      return process
          .get()
          .info()
          .command()
          .map(command -> command.contains("postgres") || command.contains("postmaster"))
          .orElse(true);
    }
  }

  /// The container beside ours may have processes of its own, which we do not see.
  private boolean isAliveThere(Path dataDirectory) {
    return Commands.run(
            List.of(
                "/bin/sh",
                "-c",
                "test \"/proc/$0/cwd\" -ef \"$1\"",
                Long.toString(pid),
                dataDirectory.toString()),
            Duration.ofSeconds(20))
        .succeeded();
  }

  /// The regular file that the server prints to. Only Linux tells.
  Optional<Path> output() {
    try {
      Path file = Files.readSymbolicLink(Path.of("/proc", Long.toString(pid), "fd", "1"));
      return Files.isRegularFile(file) ? Optional.of(file) : Optional.empty();
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  ServerState state() {
    return switch (status) {
      case "ready" -> ServerState.READY;
      case "standby" -> ServerState.STANDBY;
      case "stopping" -> ServerState.STOPPING;
      default -> ServerState.STARTING;
    };
  }
}
