package io.pgbackup.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
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

  public FetchTarget {
    tablespaces = Map.copyOf(tablespaces);
  }

  /// Whether nothing lies in a directory but perhaps that file.
  public static boolean isFree(Path directory) throws IOException {
    try (Stream<Path> content = Files.list(directory)) {
      return content.allMatch(entry -> entry.endsWith(MARK));
    }
  }

  /// Without tablespaces.
  public FetchTarget(Path directory, Consumer<Path> owner) {
    this(directory, Map.of(), owner);
  }
}
