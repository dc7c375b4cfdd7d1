package io.pgbackup.config;

import io.pgbackup.credentials.policy.Role;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/// One credential that `pgbackup credentials serve` keeps fresh.
///
/// @param timeToLive empty for what suits the role and the store
public record OutputConfig(
    String namespace, String cluster, Role role, Optional<Duration> timeToLive, Place place) {

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
