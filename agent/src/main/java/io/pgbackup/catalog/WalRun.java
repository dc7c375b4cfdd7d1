package io.pgbackup.catalog;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.RandomAccess;

/// Segments that follow each other on a path without a gap, oldest first. Never empty.
///
/// @param segments that nobody changes; they may be many and made when they are asked for
record WalRun(List<WalSegment> segments) {
  /// Cuts what an archive holds into runs.
  static List<WalRun> along(TimelineHistory path, SegmentSet segments) {
    List<WalRun> runs = new ArrayList<>();
    List<SegmentRange> open = new ArrayList<>();
    segments.ranges().stream()
        .flatMap(range -> range.along(path).stream())
        .sorted(Comparator.comparing(SegmentRange::first))
        .forEach(
            range -> {
              if (!open.isEmpty() && !open.getLast().next().start().equals(range.first().start())) {
                runs.add(new WalRun(new Joined(List.copyOf(open))));
                open.clear();
              }
              open.add(range);
            });
    if (!open.isEmpty()) {
      runs.add(new WalRun(new Joined(List.copyOf(open))));
    }
    return runs;
  }

  /// Ranges one behind the other, one for each timeline.
  private static final class Joined extends AbstractList<WalSegment> implements RandomAccess {
    private final List<SegmentRange> ranges;

    Joined(List<SegmentRange> ranges) {
      this.ranges = ranges;
    }

    @Override
    public WalSegment get(int index) {
      Objects.checkIndex(index, size());
      int before = 0;
      for (SegmentRange range : ranges) {
        if (index < before + range.count()) {
          return range.get(index - before);
        }
        before += range.count();
      }
      throw new IndexOutOfBoundsException(index);
    }

    @Override
    public int size() {
      return ranges.stream().mapToInt(SegmentRange::count).sum();
    }
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
