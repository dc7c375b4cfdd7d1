package io.pgbackup.engine;

import io.pgbackup.engine.format.BackupName;
import io.pgbackup.postgres.Lsn;
import java.time.Instant;
import java.util.List;

/// A base backup whose sentinel stands, as the one who took it saw it.
///
/// @param startTime,finishTime by the server's clock
/// @param files regular files
/// @param uncompressedSize bytes of their content
/// @param compressedSize bytes that were stored for it
/// @param corruptFiles files with pages whose checksum did not hold; they are in the backup as they
///   are on disk
public record TakenBackup(
    BackupName name,
    Lsn startLsn,
    Lsn finishLsn,
    Instant startTime,
    Instant finishTime,
    long files,
    long uncompressedSize,
    long compressedSize,
    List<CorruptFile> corruptFiles) {
  /// @param path below the data directory
  /// @param pages counted from the start of this file, ascending
  public record CorruptFile(String path, List<Long> pages) {
    public CorruptFile {
      pages = List.copyOf(pages);
    }
  }

  public TakenBackup {
    corruptFiles = List.copyOf(corruptFiles);
  }
}
