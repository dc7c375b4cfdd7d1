package io.pgbackup.archive;

import io.pgbackup.archive.ArchiveStatus.Archived;
import io.pgbackup.archive.ArchiveStatus.Failure;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.Problem;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/// One push, counted once: as what whoever asked for it was told. One that goes on after its client
/// got an answer is counted no more; only what became of the file is noted. Thread-safe.
final class Attempt {
  private final WalFileName name;
  private final AtomicReference<ArchiveStatus> status;
  private final InstantSource clock;
  private final AtomicBoolean counted = new AtomicBoolean();

  Attempt(WalFileName name, AtomicReference<ArchiveStatus> status, InstantSource clock) {
    this.name = name;
    this.status = status;
    this.clock = clock;
  }

  WalFileName name() {
    return name;
  }

  void archived(long size, boolean stoodAlready) {
    var file = new Archived(name, clock.instant());
    boolean first = counted.compareAndSet(false, true);
    status.updateAndGet(
        before -> first ? before.archived(file, size, stoodAlready) : before.archivedLate(file));
  }

  void failed(Problem problem) {
    var failure = new Failure(name, clock.instant(), problem);
    boolean first = counted.compareAndSet(false, true);
    status.updateAndGet(before -> first ? before.failed(failure) : before.failedLate(failure));
  }

  /// Its client was told that it failed, whether it has ended or not.
  void answeredAsFailed(Problem problem) {
    if (counted.compareAndSet(false, true)) {
      var failure = new Failure(name, clock.instant(), problem);
      status.updateAndGet(before -> before.failed(failure));
    }
  }
}
