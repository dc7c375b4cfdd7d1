package io.pgbackup.engine;

import io.pgbackup.engine.format.BackupName;
import io.pgbackup.postgres.WalSegment;

/// Told how a base backup goes on. Must be thread-safe and quick.
public interface BackupListener {
  /// The server is in backup mode, the name is settled, files will follow.
  void started(BackupName name);

  /// Some more was read.
  ///
  /// @param files so far
  /// @param bytes of file content so far
  void progressed(long files, long bytes);

  /// All files are stored and the server has left backup mode; what remains is that these segments
  /// arrive.
  void awaitingWal(WalSegment first, WalSegment last);

  /// Called once, just before the sentinel is written. Throwing stops the backup: whoever works
  /// under a lease asks here whether it is still held.
  void beforeSentinel();
}
