package io.pgbackup.cli.command;

import io.pgbackup.problem.Problem;
import io.pgbackup.restore.RestoreDestination;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/// Where restored data go: beside everything, or in the place of a server's data.
final class DestinationOptions {
  @Option(
      names = "--target-dir",
      paramLabel = "DIR",
      description = "A directory that does not exist or is empty.")
  private @Nullable Path targetDirectory;

  @ArgGroup(exclusive = false, multiplicity = "1")
  private @Nullable InPlace inPlace;

  /// Both are said, so that nobody replaces a data directory by a slip.
  static final class InPlace {
    @Option(
        names = "--in-place",
        required = true,
        description = "Replace a server's data directory; the old one is kept for undo.")
    private boolean chosen;

    @Option(names = "--data-dir", paramLabel = "PGDATA", description = "That data directory.")
    private @Nullable Path dataDirectory;

    @Option(
        names = "--statefulset",
        paramLabel = "NAME",
        description = "That of a StatefulSet of Kubernetes, in the namespace of --namespace.")
    private @Nullable String statefulSet;
  }

  /// The StatefulSet whose data are to be replaced, if it is one.
  Optional<String> statefulSet() {
    return Optional.ofNullable(inPlace).map(it -> it.statefulSet);
  }

  /// @param stop whether a running server may be stopped
  RestoreDestination destination(boolean stop) {
    if (inPlace != null && inPlace.chosen && inPlace.dataDirectory != null) {
      return new RestoreDestination.InPlace(inPlace.dataDirectory, stop);
    }
    if (targetDirectory == null) {
      throw Problem.misconfigured(
              "nothing says where the data shall go",
              "Give --target-dir DIR, or --in-place --data-dir PGDATA.")
          .asException();
    }
    return new RestoreDestination.NewDirectory(targetDirectory, Optional.empty());
  }
}
