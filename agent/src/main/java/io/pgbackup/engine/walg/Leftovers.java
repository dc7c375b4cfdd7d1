package io.pgbackup.engine.walg;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Removes what a failed push left, where this process may; otherwise says what is left. Without a
/// sentinel every reader ignores it.
record Leftovers(ObjectStore store, ArchiveLayout layout) {
  private static final Logger LOG = LoggerFactory.getLogger(Leftovers.class);

  /// @param reason gets what goes wrong here as well
  void discard(StandingBackups before, Throwable reason) {
    // no store answers a thread that is interrupted
    boolean interrupted = Thread.interrupted();
    try {
      StandingBackups now = StandingBackups.list(store, layout);
      for (BackupName standing : now.newSince(before)) {
        LOG.atWarn()
            .addKeyValue("backup", standing)
            .log("wal-g failed after it had written its sentinel; the backup is kept, unproved");
      }
      for (BackupName leftover : now.leftoversSince(before)) {
        remove(leftover);
      }
    } catch (PgBackupException e) {
      reason.addSuppressed(e);
      LOG.atWarn()
          .addKeyValue("problem", e.problem().message())
          .log("leftovers of a failed base backup may stay");
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void remove(BackupName name) {
    List<ObjectKey> keys = new ArrayList<>();
    try (Stream<StoredObject> folder = store.list(layout.backup(name).path())) {
      folder.map(StoredObject::key).forEach(keys::add);
    }
    List<ObjectKey> kept = store.delete(keys);
    if (!kept.isEmpty()) {
      LOG.atWarn()
          .addKeyValue("backup", name)
          .addKeyValue("objects", kept.size())
          .log("leftovers of a failed base backup stay: no right to delete");
    }
  }
}
