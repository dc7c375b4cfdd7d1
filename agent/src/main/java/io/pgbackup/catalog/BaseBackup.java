package io.pgbackup.catalog;

import io.pgbackup.engine.format.BackupName;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.Timeline;
import java.time.Instant;
import java.util.Optional;

/// A base backup whose sentinel stands.
///
/// @param finishLsn where WAL must be replayed to before the backup is consistent
/// @param startTime by the server's clock
/// @param finishTime by the server's clock
/// @param uncompressedSize bytes of tar content, 0 where the sentinel does not say
/// @param compressedSize bytes in the store, 0 where the sentinel does not say
/// @param deltaFrom the direct parent's name, for a delta
public record BaseBackup(
    BackupName name,
    Lsn startLsn,
    Lsn finishLsn,
    Instant startTime,
    Instant finishTime,
    ServerVersion serverVersion,
    Optional<SystemIdentifier> systemIdentifier,
    long uncompressedSize,
    long compressedSize,
    boolean permanent,
    Optional<BackupName> deltaFrom) {
  public Timeline timeline() {
    return name.timeline();
  }
}
