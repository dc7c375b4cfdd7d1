package io.pgbackup.catalog;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.wal.TransactionEnd;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What a window needs to know of the transactions that ended in a segment: only those records that
/// are later than all behind them. Times mostly ascend, so that is one.
///
/// @param peaks in WAL order, their times descending
/// @param whole whether recovery can go on behind this segment
record SegmentEnds(List<TransactionEnd> peaks, boolean whole) {
  SegmentEnds {
    peaks = List.copyOf(peaks);
  }

  static SegmentEnds of(List<TransactionEnd> ends, boolean whole) {
    List<TransactionEnd> peaks = new ArrayList<>();
    for (TransactionEnd end : ends.reversed()) {
      if (peaks.isEmpty() || end.time().isAfter(peaks.getLast().time())) {
        peaks.add(end);
      }
    }
    return new SegmentEnds(peaks.reversed(), whole);
  }

  /// The greatest time among the records at or behind a position.
  Optional<Instant> greatestFrom(Lsn position) {
    return peaks.stream()
        .filter(end -> !end.start().isBefore(position))
        .findFirst()
        .map(TransactionEnd::time);
  }
}
