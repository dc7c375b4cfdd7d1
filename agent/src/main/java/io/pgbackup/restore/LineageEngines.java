package io.pgbackup.restore;

import io.pgbackup.engine.BackupFetcher;
import io.pgbackup.engine.WalEngine;
import io.pgbackup.engine.format.ArchiveLayout;

/// The engines for any lineage: a restore reads one and begins another.
public interface LineageEngines {
  BackupFetcher backups(ArchiveLayout layout);

  WalEngine wal(ArchiveLayout layout);

  /// Of a lineage that the restore begins. It is written into the store as it is now, though what
  /// is restored may be read as it stood earlier.
  default WalEngine newWal(ArchiveLayout layout) {
    return wal(layout);
  }
}
