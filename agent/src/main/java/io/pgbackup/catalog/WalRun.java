package io.pgbackup.catalog;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.RandomAccess;

/// Segments that follow each other on a path without a gap, oldest first. Never empty.
///
/// @param segments whole ones, which nobody changes; they may be many and made when they are asked
///   for
/// @param unfinished the one behind them, where something was streamed of it
record WalRun(List<WalSegment> segments, Optional<WalSegment> unfinished) {
  /// Whole ones alone.
  WalRun(List<WalSegment> segments) {
    this(segments, Optional.empty());
  }

  WalRun with(WalSegment streamed) {
    return new WalRun(segments, Optional.of(streamed));
  }

  /// All that recovery can read.
  List<WalSegment> readable() {
    return unfinished.<List<WalSegment>>map(last -> new OneMore(segments, last)).orElse(segments);
  }

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

  private static final class OneMore extends AbstractList<WalSegment> implements RandomAccess {
    private final List<WalSegment> segments;
    private final WalSegment last;

    OneMore(List<WalSegment> segments, WalSegment last) {
      this.segments = segments;
      this.last = last;
    }

    @Override
    public WalSegment get(int index) {
      return index == segments.size() ? last : segments.get(index);
    }

    @Override
    public int size() {
      return segments.size() + 1;
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

  /// The part behind a segment of it; nothing where no whole one is left.
  Optional<WalRun> after(int index) {
    return index + 1 < segments.size()
        ? Optional.of(new WalRun(segments.subList(index + 1, segments.size()), unfinished))
        : Optional.empty();
  }
}
