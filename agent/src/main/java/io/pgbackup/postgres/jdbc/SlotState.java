package io.pgbackup.postgres.jdbc;

import io.pgbackup.postgres.Lsn;
import java.util.Optional;
import java.util.OptionalLong;

/// A physical replication slot, asked for by its name.
///
/// @param slot empty where the server has none of that name
/// @param serverEnd the end of the server's WAL
public record SlotState(Optional<Slot> slot, Lsn serverEnd) {
  /// @param active whether somebody streams from it
  /// @param restart the WAL from here on is kept for it; empty where none is
  /// @param status `reserved`, `extended`, `unreserved` or `lost`, as pg_replication_slots says
  /// @param safeBytes that can be written until it may be lost; empty for no limit
  public record Slot(boolean active, Optional<Lsn> restart, String status, OptionalLong safeBytes) {
    /// Whether the server gave it up: what it kept may be removed, and it can never be used again.
    public boolean lost() {
      return status.equals("lost");
    }
  }
}
