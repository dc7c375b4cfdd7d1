package io.pgbackup.backup;

import io.pgbackup.engine.BackupListener;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.lineage.Lease;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.problem.Problem;
import java.time.InstantSource;

/// Leads one run from state to state as the engine reports, and tells the observer. Thread-safe.
final class RunProgress {
  private final BackupObserver observer;
  private final InstantSource clock;
  private BackupRun state;

  RunProgress(String id, BackupObserver observer, InstantSource clock) {
    this.observer = observer;
    this.clock = clock;
    this.state = new BackupRun.Probing(id, clock.instant());
    observer.became(state);
  }

  /// @param lease asked before the sentinel is written
  BackupListener under(Lease lease) {
    return new BackupListener() {
      @Override
      public void started(BackupName name) {
        RunProgress.this.started(name);
      }

      @Override
      public void progressed(long files, long bytes) {
        observer.progressed(files, bytes);
      }

      @Override
      public void awaitingWal(WalSegment first, WalSegment last) {
        RunProgress.this.awaitingWal(first, last);
      }

      @Override
      public void beforeSentinel() {
        lease.requireHeld();
      }
    };
  }

  private synchronized void started(BackupName name) {
    if (state instanceof BackupRun.Probing probing) {
      become(probing.toPushing(name, clock.instant()));
    } else {
      throw illegal("pushing");
    }
  }

  private synchronized void awaitingWal(WalSegment first, WalSegment last) {
    if (state instanceof BackupRun.Pushing pushing) {
      become(pushing.toVerifying(first, last, clock.instant()));
    } else {
      throw illegal("verifying");
    }
  }

  synchronized BackupRun.Completed completed(TakenBackup backup) {
    if (state instanceof BackupRun.Verifying verifying) {
      return become(verifying.toCompleted(backup, clock.instant()));
    }
    throw illegal("completed");
  }

  synchronized BackupRun.Failed failed(Problem problem) {
    if (state instanceof BackupRun.Running running) {
      return become(running.toFailed(problem, clock.instant()));
    }
    throw illegal("failed");
  }

  private <T extends BackupRun> T become(T next) {
    state = next;
    observer.became(next);
    return next;
  }

  private IllegalStateException illegal(String next) {
    return new IllegalStateException(state + " cannot become " + next);
  }
}
