package io.pgbackup.verify;

import io.pgbackup.catalog.Lineage;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/// What reading a lineage showed. Immutable.
///
/// @param backups that were read, oldest first: those that were chosen, and what they stand on
/// @param others faults of no single backup that could be read: documents, chains, history files
/// @param took by a clock that only goes forward
public record VerifyReport(
    Lineage lineage, List<BackupReport> backups, WalReport wal, List<Fault> others, Duration took) {
  public VerifyReport {
    backups = List.copyOf(backups);
    others = List.copyOf(others);
  }

  public boolean isSound() {
    return faults().isEmpty();
  }

  /// All of them.
  public List<Fault> faults() {
    return Stream.of(
            others.stream(),
            backups.stream().flatMap(backup -> backup.faults().stream()),
            wal.faults().stream())
        .flatMap(faults -> faults)
        .toList();
  }
}
