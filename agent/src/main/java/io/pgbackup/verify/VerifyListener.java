package io.pgbackup.verify;

import io.pgbackup.engine.format.BackupName;

/// Hears how verifying gets on. Called by several threads; implementations return quickly.
public interface VerifyListener {
  VerifyListener SILENT = new VerifyListener() {};

  default void backup(BackupName name, int tars) {}

  /// @param segments that are going to be read
  default void wal(int segments) {}
}
