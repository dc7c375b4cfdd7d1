package io.pgbackup.engine.format;

import com.fasterxml.jackson.databind.JsonNode;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.SystemIdentifier;
import java.time.Instant;
import java.util.Optional;

/// `<backup>_backup_stop_sentinel.json`: while it stands, the backup exists. Written last, deleted
/// first.
///
/// WAL-G needs no field of it to restore a full backup, so everything may be absent; we write
/// `startLsn` and `finishLsn` always, because WAL-G's delta backups and reverse unpacking need
/// them.
///
/// @param delta what a delta stands on; absent for a full backup
/// @param serverVersion absent also where the number is none that we know
/// @param finishLsn where `pg_backup_stop` returned
/// @param uncompressedSize bytes of tar member content, headers left out
/// @param compressedSize bytes uploaded as tars; WAL-G's own value is a little short at times
/// @param dataCatalogSize bytes by stat of everything met, 0 for unknown
/// @param userData any JSON that the one who made the backup gave
/// @param filesMetadataDisabled the backup was made without `files_metadata.json`
/// @param startTime,finishTime written as microseconds, rounded up
/// @param keyFingerprint of the key that the backup's objects are encrypted with; a key of our own,
///   which WAL-G passes over
/// @param corruptPages where page checksums were looked at; a key of our own too
/// @param permanent as it was at creation; `metadata.json` tells what it is now
public record Sentinel(
    Optional<Lsn> startLsn,
    Optional<DeltaOrigin> delta,
    Optional<ServerVersion> serverVersion,
    Optional<Lsn> finishLsn,
    Optional<SystemIdentifier> systemIdentifier,
    long uncompressedSize,
    long compressedSize,
    long dataCatalogSize,
    Optional<TablespaceSpec> tablespaces,
    Optional<JsonNode> userData,
    boolean filesMetadataDisabled,
    Optional<Instant> startTime,
    Optional<Instant> finishTime,
    String hostname,
    String dataDirectory,
    boolean permanent,
    Optional<String> keyFingerprint,
    Optional<CorruptPages> corruptPages) {

  /// @param name the object's name, for messages
  /// @throws io.pgbackup.problem.PgBackupException `VerificationFailed` if these bytes are no
  ///   sentinel
  public static Sentinel read(byte[] json, String name) {
    return Documents.read(json, SentinelDocument.class, name)
        .orElse(SentinelDocument.EMPTY)
        .toSentinel(name);
  }

  /// The document as WAL-G 3.0.9 would write it, key by key.
  public byte[] toJson() {
    return Documents.write(SentinelDocument.of(this));
  }
}
