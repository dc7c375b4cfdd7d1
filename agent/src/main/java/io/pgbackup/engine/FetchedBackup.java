package io.pgbackup.engine;

import io.pgbackup.engine.format.BackupName;
import java.util.List;

/// What lies in the directory after a fetch.
///
/// @param files regular files
/// @param bytes their content
/// @param matchesManifest whether each file's size and SHA-256 were compared with the backup's
///   manifest, and none was missing; backups of WAL-G have no manifest
/// @param leftOut tar members that are neither file nor directory: WAL-G does not keep the target
///   of a symbolic link, so there is nothing to restore; ascending
/// @param missing paths that WAL-G listed and no tar held; ascending. Old versions may have listed
///   files that vanished while they were read; otherwise something deleted a tar
public record FetchedBackup(
    BackupName name,
    long files,
    long bytes,
    boolean matchesManifest,
    List<String> leftOut,
    List<String> missing) {
  public FetchedBackup {
    leftOut = List.copyOf(leftOut);
    missing = List.copyOf(missing);
  }
}
