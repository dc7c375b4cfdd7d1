package io.pgbackup.status;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// What [StatusServer] shows. All are asked on its threads, at each request.
///
/// @param status never waits for the store or for PostgreSQL
/// @param page the one at `/`
/// @param metrics Prometheus' text format
/// @param unready why WAL cannot be taken now; empty where it can. Never depends on the store
/// @param archived base backups, the newest first; empty while they are not known
public record StatusSources(
    Supplier<StatusSnapshot> status,
    Supplier<Page> page,
    Supplier<String> metrics,
    Supplier<Optional<String>> unready,
    BackupRequests backups,
    Supplier<Optional<List<StatusSnapshot.Backup>>> archived) {
  /// Whose archive has not been read.
  public StatusSources(
      Supplier<StatusSnapshot> status,
      Supplier<Page> page,
      Supplier<String> metrics,
      Supplier<Optional<String>> unready,
      BackupRequests backups) {
    this(status, page, metrics, unready, backups, Optional::empty);
  }
}
