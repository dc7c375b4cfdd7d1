package io.pgbackup.retention;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegment;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Which WAL the kept backups need. Pure.
///
/// Not thread-safe: filled, then asked.
final class KeptWal {
  /// @param end inclusive
  private record Span(Timeline timeline, Lsn start, Lsn end) {}

  private final TimelinePaths paths;
  private final ArchivedWal wal;
  private final Timeline newest;
  private final Instant youngSince;
  private final List<Span> spans = new ArrayList<>();
  private final Map<Timeline, Lsn> from = new HashMap<>();

  /// @param newest timeline of the archive
  /// @param youngSince WAL that is younger stays on other timelines: somebody may be about to take
  ///   a first backup there
  KeptWal(TimelinePaths paths, ArchivedWal wal, Timeline newest, Instant youngSince) {
    this.paths = paths;
    this.wal = wal;
    this.newest = newest;
    this.youngSince = youngSince;
  }

  /// A backup by itself: what makes it consistent.
  void keepSpan(Timeline timeline, Lsn start, Lsn finish) {
    spans.add(new Span(timeline, start, finish));
  }

  /// A backup and all that can be reached from it, on every timeline.
  ///
  /// @param position of the backup that a path must run over
  void keepFrom(Timeline timeline, Lsn start, Lsn position) {
    for (Timeline to : wal.timelines()) {
      if (paths.mayLeadFrom(timeline, position, to)) {
        from.merge(to, start, (one, other) -> one.isBefore(other) ? one : other);
      }
    }
  }

  boolean needs(ArchivedWal.Item item) {
    WalSegment segment = item.segment();
    if (item.equals(lastOfAll())) {
      // it may be all that says which timeline is the newest
      return true;
    }
    boolean onNewest = segment.timeline().equals(newest);
    Lsn begin = from.get(segment.timeline());
    boolean behind = begin == null ? onNewest : !segment.end().isBefore(begin);
    return behind || (!onNewest && item.object().modified().isAfter(youngSince)) || inSpan(segment);
  }

  private ArchivedWal.@Nullable Item lastOfAll() {
    List<ArchivedWal.Item> items = wal.on(newest);
    return items.isEmpty() ? null : items.getLast();
  }

  private boolean inSpan(WalSegment segment) {
    return spans.stream()
        .anyMatch(
            span ->
                span.timeline().equals(segment.timeline())
                    && !segment.end().isBefore(span.start())
                    && segment.start().compareTo(span.end()) <= 0);
  }
}
