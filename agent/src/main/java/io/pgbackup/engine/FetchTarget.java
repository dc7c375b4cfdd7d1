package io.pgbackup.engine;

import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

/// Where a base backup goes.
///
/// @param directory absent or empty; gets mode 0700
/// @param tablespaces where the files of each tablespace go, by its number: absolute, absent or
///   empty. A symbolic link in `pg_tblspc` leads there
/// @param owner makes a file or directory belong to the user that PostgreSQL will run as, without
///   following a symbolic link; called for each when all is there, the directory last
public record FetchTarget(Path directory, Map<String, Path> tablespaces, Consumer<Path> owner) {
  public FetchTarget {
    tablespaces = Map.copyOf(tablespaces);
  }

  /// Without tablespaces.
  public FetchTarget(Path directory, Consumer<Path> owner) {
    this(directory, Map.of(), owner);
  }
}
