package io.pgbackup.engine;

import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Where a base backup goes.
///
/// @param directory absent or empty; gets mode 0700
/// @param tablespaces where the files of each tablespace go, by its number: absolute, absent or
///   empty but for a file [#MARK]. A symbolic link in `pg_tblspc` leads there
/// @param owner makes a file or directory belong to the user that PostgreSQL will run as, without
///   following a symbolic link; called for each when all is there, the directory last
public record FetchTarget(Path directory, Map<String, Path> tablespaces, Consumer<Path> owner) {
  /// With this file whoever restores says that what lies in a tablespace's place is theirs.
  public static final String MARK = "pgbackup-restore";

  private static final Set<PosixFilePermission> OURS_ALONE =
      PosixFilePermissions.fromString("rwx------");

  public FetchTarget {
    tablespaces = Map.copyOf(tablespaces);
  }

  /// Makes sure that a directory is there, for this process's user alone, and that nothing lies in
  /// it but perhaps that file.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `Refused` if something does
  public static void makeEmpty(Path directory) throws IOException {
    Path parent = directory.getParent();
    if (parent != null) {
      // Not ours alone: PostgreSQL's user must be able to pass through.
      Files.createDirectories(parent);
    }
    if (!Files.isDirectory(directory)) {
      Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(OURS_ALONE));
    }
    try (Stream<Path> content = Files.list(directory)) {
      if (!content.allMatch(entry -> entry.endsWith(MARK))) {
        throw Problem.refused(
                directory + " is not empty", "Name a directory that is empty or does not exist.")
            .asException();
      }
    }
    Files.setPosixFilePermissions(directory, OURS_ALONE);
  }

  /// Without tablespaces.
  public FetchTarget(Path directory, Consumer<Path> owner) {
    this(directory, Map.of(), owner);
  }
}
