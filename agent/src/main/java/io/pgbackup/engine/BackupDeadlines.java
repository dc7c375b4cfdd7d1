package io.pgbackup.engine;

import java.time.Duration;

/// How long a base backup waits for others before it gives up. Reading and storing the files has no
/// deadline but that of a store which does not answer.
///
/// @param probe until one WAL segment, finished on purpose, lies in the store
/// @param checkpoint until the server has written its checkpoint and the backup can begin; also for
///   its end, which is quick
/// @param wal until the last segment that the backup needs lies in the store
/// @param store until one request is answered by a store that does not answer, or asks to slow down
public record BackupDeadlines(Duration probe, Duration checkpoint, Duration wal, Duration store) {
  private static final Duration STORM = Duration.ofMinutes(10);

  public static final BackupDeadlines DEFAULT =
      new BackupDeadlines(Duration.ofMinutes(10), Duration.ofHours(1), Duration.ofHours(1));

  public BackupDeadlines(Duration probe, Duration checkpoint, Duration wal) {
    this(probe, checkpoint, wal, STORM);
  }
}
