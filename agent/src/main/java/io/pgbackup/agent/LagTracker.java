package io.pgbackup.agent;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.jdbc.ArchiverStats;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// How far the archive is behind the server. The truth is what the store holds: PostgreSQL's own
/// marks say nothing where archiving is off or where its command says yes to everything. They only
/// tell, after a restart of ours, since when a segment has been waiting.
///
/// Thread-safe; of one lineage.
final class LagTracker {
  /// @param waiting how long the oldest finished segment has been missing from the store
  /// @param bytes from the end of the stored WAL to the end of WAL
  record Lag(Duration waiting, long bytes) {}

  /// The start of each segment that was being written, and when that was first seen: everything
  /// before it was finished by then.
  private final TreeMap<Lsn, Instant> finished = new TreeMap<>();

  private @Nullable Lsn first;

  /// @param stored the end of the newest segment in the store, empty where it has none
  synchronized Lag observe(ArchiverStats stats, Optional<Lsn> stored) {
    Lsn begun = stats.currentSegment().start();
    if (first == null) {
      first = stats.oldestWaiting().map(waiting -> waiting.segment().start()).orElse(begun);
    }
    // an archive that is still empty must receive what was finished since we looked first
    Lsn end = stored.orElse(first);
    finished.headMap(end, true).clear();
    if (begun.compareTo(end) > 0) {
      finished.putIfAbsent(begun, stats.at());
    }
    return new Lag(waiting(stats, end), Math.max(0, stats.currentLsn().minus(end)));
  }

  /// Where WAL is stored as it is written, whatever segment it is in: it waits from when it was
  /// first seen to be there.
  ///
  /// @param stored the end of what is in the store, empty where it has nothing
  synchronized Lag observeStream(ArchiverStats stats, Optional<Lsn> stored) {
    Lsn now = stats.currentLsn();
    if (first == null) {
      first = now;
    }
    Lsn end = stored.orElse(first);
    finished.headMap(end, true).clear();
    if (end.isBefore(now)) {
      finished.putIfAbsent(now, stats.at());
    }
    Duration waiting =
        finished.isEmpty()
            ? Duration.ZERO
            : Duration.between(finished.firstEntry().getValue(), stats.at());
    return new Lag(waiting.isNegative() ? Duration.ZERO : waiting, Math.max(0, now.minus(end)));
  }

  private Duration waiting(ArchiverStats stats, Lsn end) {
    if (finished.isEmpty()) {
      return Duration.ZERO;
    }
    Instant seen = finished.firstEntry().getValue();
    Instant since =
        stats
            .oldestWaiting()
            .filter(waiting -> !waiting.segment().start().isBefore(end))
            .map(ArchiverStats.Waiting::since)
            .filter(marked -> marked.isBefore(seen))
            .orElse(seen);
    Duration waiting = Duration.between(since, stats.at());
    return waiting.isNegative() ? Duration.ZERO : waiting;
  }
}
