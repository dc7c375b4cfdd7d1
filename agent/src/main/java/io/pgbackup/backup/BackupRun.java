package io.pgbackup.backup;

import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.problem.Problem;
import java.time.Instant;
import java.util.UUID;

/// One base backup run, from its request to its end. A state knows only the ways out that exist.
public sealed interface BackupRun {
  /// Names the run for whoever asks later how it went.
  String id();

  /// When it came into this state, by the agent's clock.
  Instant since();

  /// Either end. Nothing follows.
  sealed interface Ended extends BackupRun {}

  /// A state that can still fail.
  sealed interface Running extends BackupRun {
    default Failed toFailed(Problem problem, Instant at) {
      return new Failed(id(), problem, at);
    }
  }

  /// Waits for the lease, and for one WAL segment to be archived, without which the backup could
  /// not end.
  record Probing(String id, Instant since) implements Running {
    Pushing toPushing(BackupName name, Instant at) {
      return new Pushing(id, name, at);
    }
  }

  /// The server is in backup mode and its files are being stored.
  record Pushing(String id, BackupName name, Instant since) implements Running {
    Verifying toVerifying(WalSegment first, WalSegment last, Instant at) {
      return new Verifying(id, name, first, last, at);
    }
  }

  /// All files are stored; these WAL segments must be seen in the store before the backup counts.
  record Verifying(String id, BackupName name, WalSegment first, WalSegment last, Instant since)
      implements Running {
    Completed toCompleted(TakenBackup backup, Instant at) {
      return new Completed(id, backup, at);
    }
  }

  /// The sentinel stands.
  record Completed(String id, TakenBackup backup, Instant since) implements Ended {}

  record Failed(String id, Problem problem, Instant since) implements Ended {}

  /// A name for a new run.
  static String newId() {
    return UUID.randomUUID().toString();
  }
}
