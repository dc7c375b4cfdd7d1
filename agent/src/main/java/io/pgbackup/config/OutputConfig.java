package io.pgbackup.config;

import io.pgbackup.credentials.policy.Role;
import io.pgbackup.lineage.LineageUid;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/// One credential that `pgbackup credentials serve` keeps fresh.
///
/// @param uid of a lineage in the folder that is meant, where the cluster has two
/// @param timeToLive empty for what suits the role and the store
public record OutputConfig(
    String namespace,
    String cluster,
    Optional<LineageUid> uid,
    Role role,
    Optional<Duration> timeToLive,
    Place place) {

  /// Where it is kept.
  public sealed interface Place {
    /// @param mode never with rights for others
    record File(Path path, Set<PosixFilePermission> mode) implements Place {
      public File {
        mode = Set.copyOf(mode);
      }
    }

    /// A Secret of Kubernetes.
    record Secret(String namespace, String name) implements Place {}
  }
}
