package io.pgbackup.agent;

import io.pgbackup.backup.BackupObserver;
import io.pgbackup.backup.BackupRun;
import io.pgbackup.engine.BackupRequest;

/// Takes one base backup on the caller's thread, to its end. Thread-safe.
@FunctionalInterface
public interface BackupTaker {
  /// Never throws for a backup that fails.
  BackupRun.Ended run(String id, BackupRequest request, BackupObserver observer);
}
