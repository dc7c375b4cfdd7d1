package io.pgbackup.restore;

import io.pgbackup.engine.BackupFetcher;
import io.pgbackup.engine.WalEngine;
import io.pgbackup.engine.format.ArchiveLayout;

/// The engines for any lineage: a restore reads one and begins another.
public interface LineageEngines {
  BackupFetcher backups(ArchiveLayout layout);

  WalEngine wal(ArchiveLayout layout);
}
