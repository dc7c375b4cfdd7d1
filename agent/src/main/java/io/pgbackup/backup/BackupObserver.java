package io.pgbackup.backup;

/// Told how a run goes on. Must be thread-safe and quick.
public interface BackupObserver {
  /// The run came into a new state, the first and the last included.
  void became(BackupRun run);

  /// Some more was read.
  ///
  /// @param files so far
  /// @param bytes of file content so far
  void progressed(long files, long bytes);
}
