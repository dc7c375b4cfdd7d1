package io.pgbackup.postgres.jdbc;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.WalSegment;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// How far PostgreSQL's archiver is behind. What it calls archived is what the archive command
/// accepted; whether it lies in the store, only the store knows.
///
/// @param lastArchived the file that the archive command accepted last
/// @param lastFailed the file it refused last; later success does not clear it
/// @param archivedCount files since the statistics were reset
/// @param failedCount since the statistics were reset, which crash recovery also does
/// @param currentLsn end of WAL written so far; in recovery, replayed so far
/// @param currentSegment the segment that holds `currentLsn`
/// @param oldestWaiting the oldest finished segment that is not archived
/// @param waitingFiles finished segments and history files that are not archived
/// @param at when all this was so, by the server's clock
public record ArchiverStats(
    Optional<Attempt> lastArchived,
    Optional<Attempt> lastFailed,
    long archivedCount,
    long failedCount,
    Lsn currentLsn,
    WalSegment currentSegment,
    Optional<Waiting> oldestWaiting,
    long waitingFiles,
    Instant at) {
  /// @param file a segment, history or backup history file
  public record Attempt(String file, Instant at) {}

  /// @param since when the segment was finished
  public record Waiting(WalSegment segment, Instant since) {}

  /// How long the oldest finished segment has waited; zero where none waits.
  public Duration lag() {
    return oldestWaiting
        .map(waiting -> Duration.between(waiting.since(), at))
        .filter(Duration::isPositive)
        .orElse(Duration.ZERO);
  }

  /// Bytes of WAL that were written and not archived: from the oldest waiting segment, or where
  /// none waits from the beginning of the unfinished one, to the end of WAL.
  public long lagBytes() {
    Lsn from = oldestWaiting.map(Waiting::segment).orElse(currentSegment).start();
    return Math.max(0, currentLsn.minus(from));
  }

  /// One clause for messages: what the archive command did last.
  public String words() {
    String archived =
        lastArchived
            .map(attempt -> "PostgreSQL last archived " + attempt.file() + " at " + attempt.at())
            .orElse("PostgreSQL has archived nothing yet");
    return lastFailed
        .filter(failed -> lastArchived.map(ok -> failed.at().isAfter(ok.at())).orElse(true))
        .map(
            failed ->
                archived
                    + "; its archive command failed on "
                    + failed.file()
                    + " at "
                    + failed.at())
        .orElse(archived);
  }
}
