package io.pgbackup.retention;

import io.pgbackup.engine.format.BackupName;
import java.time.Instant;
import java.util.Optional;

/// Somebody's word that something stays, whatever the rules say: one base backup, or every instant
/// from one on. Immutable.
///
/// @param id a file's name, chosen when it was made
/// @param expiresAt from then on it holds nothing; empty: until it is removed
public record Hold(
    String id,
    String owner,
    String reason,
    Held held,
    Instant createdAt,
    Optional<Instant> expiresAt) {
  /// What is held.
  public sealed interface Held {
    /// A base backup, with what it stands on and the WAL that makes it consistent.
    record Backup(BackupName name) implements Held {}

    /// Every instant from this one on that can be restored.
    record Since(Instant instant) implements Held {}
  }

  public boolean holds(Instant now) {
    return expiresAt.map(now::isBefore).orElse(true);
  }

  String words() {
    return "hold %s of %s: %s".formatted(id, owner, reason);
  }
}
