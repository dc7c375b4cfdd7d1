package io.pgbackup.drill;

import io.pgbackup.restore.RestorePlan;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What a drill does.
///
/// @param plan what is restored
/// @param lastCommit the last commit that could be restored from that lineage
/// @param folder where a directory for it is made; with room for the data
/// @param probes statements that must hold in the restored data
/// @param database that the probes are put to
/// @param keep whether the restored data stay
/// @param host for the verdict
public record DrillRequest(
    RestorePlan plan,
    Optional<Instant> lastCommit,
    Path folder,
    List<String> probes,
    String database,
    boolean keep,
    String host) {
  public DrillRequest {
    folder = folder.toAbsolutePath().normalize();
    probes = List.copyOf(probes);
  }
}
