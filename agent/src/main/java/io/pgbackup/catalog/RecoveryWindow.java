package io.pgbackup.catalog;

import io.pgbackup.engine.format.BackupName;
import io.pgbackup.postgres.Timeline;
import java.time.Instant;

/// Every instant from `start`, and before `end`, can be restored: a backup finished at or before it
/// and a commit that is later stands in the archive without a gap between them.
///
/// @param start when the oldest usable backup finished
/// @param end exclusive: the time of the greatest commit that can be reached
/// @param oldestBackup the backup that `start` comes from
/// @param timeline the timeline at the end of the path
public record RecoveryWindow(
    Instant start, Instant end, BackupName oldestBackup, Timeline timeline) {
  public RecoveryWindow {
    if (!start.isBefore(end)) {
      throw new IllegalArgumentException(
          "a recovery window ends after it starts: " + start + " " + end);
    }
  }

  public boolean contains(Instant instant) {
    return !instant.isBefore(start) && instant.isBefore(end);
  }
}
