package io.pgbackup.restore;

import io.pgbackup.lineage.Lease;
import io.pgbackup.lineage.Leases;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.util.Optional;
import java.util.UUID;

/// Keeps retention away from a lineage while it is being restored from. Each attempt has a lease of
/// its own, because several restores of one lineage do not disturb each other, and because the
/// lease of a killed attempt lives on for a while.
record RestoreLease(Optional<Lease> lease) implements AutoCloseable {
  /// Where leases may not be written the restore goes on, and says so. Into an archive that nobody
  /// claimed nothing is written at all: whoever writes and deletes there does not know our leases.
  static RestoreLease acquire(Leases leases, RestoreJournal journal, RestoreListener listener) {
    if (journal.plan().lineage().claim().isEmpty()) {
      listener.warning(
          "this archive is another program's, which may delete under this restore; nothing is"
              + " written into it");
      return new RestoreLease(Optional.empty());
    }
    String name = "restore-" + UUID.randomUUID().toString().substring(0, 8);
    String holder = "restore into " + journal.destination().dataDirectory();
    try {
      return new RestoreLease(
          Optional.of(leases.acquire(journal.plan().lineage().prefix(), name, holder)));
    } catch (PgBackupException e) {
      if (e.problem() instanceof Problem.StorageFailed failed && !failed.transientFault()) {
        listener.warning(
            "no lease could be written, so retention may delete under this restore: "
                + failed.message());
        return new RestoreLease(Optional.empty());
      }
      throw e;
    }
  }

  @Override
  public void close() {
    lease.ifPresent(Lease::close);
  }
}
