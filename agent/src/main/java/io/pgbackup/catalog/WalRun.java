package io.pgbackup.catalog;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/// Segments that follow each other on a path without a gap, oldest first. Never empty.
record WalRun(List<WalSegment> segments) {
  WalRun {
    segments = List.copyOf(segments);
  }

  /// Cuts what an archive holds into runs. In the segment where a timeline was left, the copy of
  /// the younger timeline counts: recovery asks for it first, and it holds what came before.
  static List<WalRun> along(TimelineHistory path, Collection<WalSegment> segments) {
    List<WalRun> runs = new ArrayList<>();
    List<WalSegment> open = new ArrayList<>();
    segments.stream()
        .filter(segment -> segment.equals(onPath(path, segment)))
        .sorted()
        .forEach(
            segment -> {
              if (!open.isEmpty() && !open.getLast().end().equals(segment.start())) {
                runs.add(new WalRun(open));
                open.clear();
              }
              open.add(segment);
            });
    if (!open.isEmpty()) {
      runs.add(new WalRun(open));
    }
    return runs;
  }

  /// The segment at the same position that recovery along the path reads.
  static WalSegment onPath(TimelineHistory path, WalSegment segment) {
    return segment.on(path.at(segment.end().plus(-1)));
  }

  Lsn start() {
    return segments.getFirst().start();
  }

  Lsn end() {
    return segments.getLast().end();
  }

  /// Whether it holds all that makes a backup consistent.
  boolean carries(BaseBackup backup) {
    return !backup.startLsn().isBefore(start()) && backup.finishLsn().compareTo(end()) <= 0;
  }

  /// The part up to a segment of it, inclusive.
  WalRun upTo(int index) {
    return new WalRun(segments.subList(0, index + 1));
  }

  WalRun after(int index) {
    return new WalRun(segments.subList(index + 1, segments.size()));
  }
}
