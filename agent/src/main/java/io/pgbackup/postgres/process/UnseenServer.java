package io.pgbackup.postgres.process;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// Whether a server whose process is not to be seen may live all the same: in another container, a
/// process has another number or none. A `postmaster.pid` left by a crash looks alike, so its
/// server counts as dead only with a proof.
///
/// @param proc `/proc`; without it there are no containers
/// @param root whether we may look at every process
record UnseenServer(Path proc, boolean root) {
  /// PROC_PID_INIT_INO of Linux: whoever is in that namespace sees every process.
  private static final String FIRST_NAMESPACE = "pid:[4026531836]";

  private static final long CLOCK_SLACK_SECONDS = 60;

  /// @param file whose process is no living server of the directory as far as it can be seen here
  boolean mayLive(PostmasterPid file, Path dataDirectory) {
    if (!Files.isDirectory(proc) || isOlderThanTheMachine(file)) {
      return false;
    }
    return hasSomebodyAttached(file)
        .orElseGet(() -> isSomebodysHome(dataDirectory) || !seesEverything());
  }

  private boolean isOlderThanTheMachine(PostmasterPid file) {
    OptionalLong booted =
        lines("stat").stream()
            .filter(line -> line.startsWith("btime "))
            .mapToLong(line -> Long.parseLong(line.substring("btime ".length()).strip()))
            .findFirst();
    return booted.isPresent()
        && file.started().isBefore(Instant.ofEpochSecond(booted.getAsLong() - CLOCK_SLACK_SECONDS));
  }

  /// As PostgreSQL's own interlock (sysv_shmem.c): a killed server leaves its segment behind. One
  /// of another IPC namespace is not listed, and one of another PID namespace has no creator.
  private Optional<Boolean> hasSomebodyAttached(PostmasterPid file) {
    return file.sharedMemory().stream()
        .flatMap(
            memory ->
                lines("sysvipc/shm").stream()
                    .map(line -> line.strip().split("\\s+"))
                    .filter(row -> row.length > 6)
                    .filter(
                        row ->
                            row[0].equals(memory.key())
                                && row[1].equals(memory.id())
                                && row[4].equals(Long.toString(file.pid()))))
        .findFirst()
        .map(row -> !row[6].equals("0"));
  }

  /// A server's working directory is its data directory, also where it is mounted elsewhere.
  private boolean isSomebodysHome(Path dataDirectory) {
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(proc, "[0-9]*")) {
      for (Path process : processes) {
        if (isSame(process.resolve("cwd"), dataDirectory)) {
          return true;
        }
      }
    } catch (IOException _) {
      return true;
    }
    return false;
  }

  private static boolean isSame(Path workingDirectory, Path dataDirectory) {
    try {
      return Files.isSameFile(workingDirectory, dataDirectory);
    } catch (IOException _) {
      return false;
    }
  }

  private boolean seesEverything() {
    try {
      return root
          && Files.readSymbolicLink(proc.resolve("self/ns/pid")).toString().equals(FIRST_NAMESPACE);
    } catch (IOException _) {
      return false;
    }
  }

  private List<String> lines(String file) {
    try {
      return Files.readAllLines(proc.resolve(file));
    } catch (IOException _) {
      return List.of();
    }
  }
}
