package io.pgbackup.postgres.jdbc;

import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegmentSize;
import java.nio.file.Path;
import java.time.Duration;

/// What one server says of itself at one moment.
///
/// @param timeline the one being written, or in recovery the one being received or, without a
///   receiver, that of the last restartpoint
/// @param inRecovery a standby, or a restore that has not reached its target
/// @param dataDirectory as the server sees it
/// @param dataChecksums whether pages carry checksums
/// @param archiveMode `off`, `on` or `always`
/// @param archiveCommand `(disabled)` where archive_mode is off
/// @param archiveLibrary that takes the WAL in its place; empty where there is none
/// @param archiveTimeout after which an unfinished segment is finished and archived; zero for never
/// @param blockSize bytes of a page, 8192 unless built otherwise
/// @param blocksPerFile pages in one file of a relation, 131072 unless built otherwise
public record ServerFacts(
    ServerVersion version,
    SystemIdentifier systemIdentifier,
    WalSegmentSize segmentSize,
    Timeline timeline,
    boolean inRecovery,
    Path dataDirectory,
    boolean dataChecksums,
    String archiveMode,
    String archiveCommand,
    String archiveLibrary,
    Duration archiveTimeout,
    int blockSize,
    int blocksPerFile) {
  /// Whether finished segments are offered to the archive command: a standby does so under `always`
  /// only.
  public boolean archives() {
    return archiveMode.equals("always") || (archiveMode.equals("on") && !inRecovery);
  }
}
