package io.pgbackup.restore;

import io.pgbackup.postgres.ControlFile;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// The facts of a stopped or running data directory that restores decide by.
record DataDirectory(Path path) {
  private static final int ATTEMPTS = 20;

  /// Read again where its checksum does not hold: a running server may be writing it.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `VerificationFailed` if the file is missing or
  ///   damaged
  ControlFile control() {
    Path file = path.resolve(ControlFile.PATH);
    Exception reason = new IOException("never read");
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
      try {
        return ControlFile.parse(Files.readAllBytes(file));
      } catch (IOException | IllegalArgumentException e) {
        reason = e;
      }
    }
    throw Problem.verificationFailed(
            "%s cannot be read: %s".formatted(file, reason.getMessage()),
            "This is no data directory of PostgreSQL 14 to 18, or it is damaged.")
        .causedBy(reason);
  }

  /// Whether [#control] can be read.
  boolean hasControl() {
    try {
      control();
      return true;
    } catch (PgBackupException _) {
      return false;
    }
  }

  boolean has(String name) {
    return Files.exists(path.resolve(name), LinkOption.NOFOLLOW_LINKS);
  }

  boolean isDataDirectory() {
    return has("PG_VERSION") && has(ControlFile.PATH);
  }

  boolean hasLinkedWal() {
    return Files.isSymbolicLink(path.resolve("pg_wal"));
  }

  List<Path> tablespaces() {
    return entries("pg_tblspc");
  }

  List<Path> entries(String folder) {
    Path directory = path.resolve(folder);
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.sorted().toList();
    } catch (IOException e) {
      throw Problem.postgresFailed(
              "cannot list %s: %s".formatted(directory, e.getMessage()),
              "Run the command as root or as the server's user.")
          .causedBy(e);
    }
  }

  /// Whether something is mounted there, so that it cannot be renamed. A bind mount within one file
  /// system shows only in the list of mounts, which only Linux has.
  boolean isMountPoint() {
    Path parent = path.getParent();
    try {
      return (parent != null
              && !Files.getAttribute(path, "unix:dev")
                  .equals(Files.getAttribute(parent, "unix:dev")))
          || isMounted(path.toRealPath(), mounts());
    } catch (IOException _) {
      return false;
    }
  }

  private static List<String> mounts() {
    try {
      return Files.readAllLines(Path.of("/proc/self/mountinfo"), StandardCharsets.ISO_8859_1);
    } catch (IOException _) {
      return List.of();
    }
  }

  /// @param mounts lines of `mountinfo` (proc(5)), as ISO 8859-1: the fifth field is the mount
  ///   point, with white space and backslashes in octal
  static boolean isMounted(Path path, List<String> mounts) {
    String name =
        new String(path.toString().getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1)
            .replace("\\", "\\134")
            .replace(" ", "\\040")
            .replace("\t", "\\011")
            .replace("\n", "\\012");
    return mounts.stream()
        .map(line -> line.split(" "))
        .anyMatch(fields -> fields.length > 4 && fields[4].equals(name));
  }
}
