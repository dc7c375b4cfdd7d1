package io.pgbackup.restore;

import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/// Segments as runs on one timeline: `<first>-<last>/<segment size>`.
final class WalRuns {
  private WalRuns() {}

  static List<String> write(SortedSet<WalSegment> wal) {
    List<String> runs = new ArrayList<>();
    WalSegment first = null;
    WalSegment last = null;
    for (WalSegment segment : wal) {
      if (last != null && !last.next().equals(segment)) {
        runs.add(run(first == null ? last : first, last));
        first = null;
      }
      first = first == null ? segment : first;
      last = segment;
    }
    if (last != null) {
      runs.add(run(first == null ? last : first, last));
    }
    return runs;
  }

  private static String run(WalSegment first, WalSegment last) {
    return first.fileName() + "-" + last.fileName() + "/" + first.size().bytes();
  }

  /// @throws IllegalArgumentException if a text is no run
  static SortedSet<WalSegment> read(String[] runs) {
    SortedSet<WalSegment> wal = new TreeSet<>();
    for (String run : runs) {
      String[] parts = run.split("[-/]");
      if (parts.length != 3) {
        throw new IllegalArgumentException("'" + run + "' is no run of segments");
      }
      WalSegmentSize size = new WalSegmentSize(Integer.parseInt(parts[2]));
      WalSegment last = WalSegment.parse(parts[1], size);
      for (WalSegment segment = WalSegment.parse(parts[0], size);
          segment.compareTo(last) <= 0;
          segment = segment.next()) {
        wal.add(segment);
      }
    }
    return wal;
  }
}
