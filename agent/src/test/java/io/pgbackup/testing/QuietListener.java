package io.pgbackup.testing;

import io.pgbackup.engine.BackupListener;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.postgres.WalSegment;

/// Lets everything pass.
public class QuietListener implements BackupListener {
  @Override
  public void started(BackupName name) {}

  @Override
  public void progressed(long files, long bytes) {}

  @Override
  public void awaitingWal(WalSegment first, WalSegment last) {}

  @Override
  public void beforeSentinel() {}
}
