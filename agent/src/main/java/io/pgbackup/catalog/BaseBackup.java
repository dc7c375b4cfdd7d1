package io.pgbackup.catalog;

import com.fasterxml.jackson.databind.JsonNode;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.CorruptPages;
import io.pgbackup.engine.format.DeltaOrigin;
import io.pgbackup.engine.format.TablespaceSpec;
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
/// @param delta what it stands on, for a delta
/// @param userData what its maker gave it, as it is in `metadata.json` now
/// @param keyFingerprint of the key that its objects are encrypted with, where the sentinel says so
/// @param tablespaces as the sentinel lists them, at least one; else empty
/// @param corruptPages empty where nobody looked at page checksums, or wrote down what they saw
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
    Optional<DeltaOrigin> delta,
    Optional<JsonNode> userData,
    Optional<String> keyFingerprint,
    Optional<TablespaceSpec> tablespaces,
    Optional<CorruptPages> corruptPages) {
  public BaseBackup {
    userData = userData.filter(data -> !data.isNull());
    tablespaces = tablespaces.filter(spec -> !spec.tablespaces().isEmpty());
  }

  public Timeline timeline() {
    return name.timeline();
  }

  public boolean isDelta() {
    return delta.isPresent();
  }

  /// The direct parent's name, for a delta.
  public Optional<BackupName> deltaFrom() {
    return delta.map(DeltaOrigin::parent);
  }
}
