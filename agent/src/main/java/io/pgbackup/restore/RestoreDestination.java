package io.pgbackup.restore;

import io.pgbackup.lineage.ClusterId;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// Where restored data go.
public sealed interface RestoreDestination {
  /// Absolute and normalized.
  Path dataDirectory();

  /// Where the files of each tablespace go, by its number.
  Map<String, Path> tablespaces();

  /// A directory that is absent or empty. What stands there afterwards is complete and stopped,
  /// archives nothing, and belongs to no lineage unless it is given a name.
  ///
  /// @param as the cluster that a clone shall be; its identity is then written beside it, and the
  ///   first agent that protects it makes the claim
  /// @param tablespaces where the files of each tablespace go, by its number: directories that are
  ///   absent or empty, absolute
  record NewDirectory(Path dataDirectory, Optional<ClusterId> as, Map<String, Path> tablespaces)
      implements RestoreDestination {
    public NewDirectory {
      dataDirectory = dataDirectory.toAbsolutePath().normalize();
      tablespaces = Map.copyOf(tablespaces);
    }

    public NewDirectory(Path dataDirectory, Optional<ClusterId> as) {
      this(dataDirectory, as, Map.of());
    }

    public NewDirectory with(Map<String, Path> places) {
      return new NewDirectory(dataDirectory, as, places);
    }
  }

  /// The data directory of a server, which is replaced; the old one is kept for undo, and a new
  /// lineage begins.
  ///
  /// @param stop whether a running server may be stopped; it is started again afterwards
  record InPlace(Path dataDirectory, boolean stop) implements RestoreDestination {
    public InPlace {
      dataDirectory = dataDirectory.toAbsolutePath().normalize();
    }

    /// Tablespaces are not restored in place.
    @Override
    public Map<String, Path> tablespaces() {
      return Map.of();
    }
  }
}
