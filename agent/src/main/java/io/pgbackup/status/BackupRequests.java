package io.pgbackup.status;

import io.pgbackup.engine.BackupRequest;
import java.util.Optional;

/// Who starts base backups when somebody asks for one over HTTP. Thread-safe.
public interface BackupRequests {
  /// What became of a request.
  sealed interface Answer {
    /// A run began; it goes on by itself.
    record Started(BackupRunView run) implements Answer {}

    /// One run at a time: this one is under way.
    record AlreadyRunning(BackupRunView run) implements Answer {}
  }

  /// Starts a run and returns at once.
  ///
  /// @throws io.pgbackup.problem.PgBackupException if none can begin now
  Answer request(BackupRequest request);

  /// A run under way, or one that ended lately.
  Optional<BackupRunView> find(String id);
}
