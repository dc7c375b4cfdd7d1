package io.pgbackup.backup;

import io.pgbackup.engine.BackupListener;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.lineage.Lease;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.problem.Problem;
import io.pgbackup.wording.Times;
import java.time.Duration;
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

  /// Why a run that was ended at its deadline had not ended by itself.
  synchronized Problem late(Duration deadline) {
    String awaited =
        switch (state) {
          case BackupRun.Probing _ ->
              "a WAL segment that was finished on purpose to be archived, or the server's checkpoint";
          case BackupRun.Pushing pushing ->
              "the files of %s to be stored".formatted(pushing.name());
          case BackupRun.Verifying verifying ->
              "WAL segments %s to %s to reach the store"
                  .formatted(verifying.first().fileName(), verifying.last().fileName());
          case BackupRun.Ended _ -> "its end";
        };
    return Problem.timedOut(
        "the base backup was ended after %s: it waited for %s"
            .formatted(Times.span(deadline), awaited),
        "Nothing of it counts; the next one comes by backup.schedule, or now by pgbackup backup."
            + " backup.deadline says how long one may take, backup.maxRate how fast it reads.");
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
