package io.pgbackup.catalog;

import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import java.util.AbstractSet;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// WAL segments of an archive: few ranges, however many segments they are. Iterates by timeline,
/// then position. Immutable.
public final class SegmentSet extends AbstractSet<WalSegment> {
  private final List<SegmentRange> ranges;

  private SegmentSet(List<SegmentRange> ranges) {
    this.ranges = List.copyOf(ranges);
  }

  public static SegmentSet of(Collection<WalSegment> segments) {
    Builder builder = new Builder();
    segments.stream().sorted(SegmentRange.BY_NAME).forEach(builder::add);
    return builder.build();
  }

  /// Takes segments in the order of their names.
  static final class Builder {
    private final List<SegmentRange> ranges = new ArrayList<>();

    void add(WalSegment segment) {
      add(new SegmentRange(segment, 1));
    }

    /// @param range not before the end of what was added already; the last segment may come again
    void add(SegmentRange range) {
      if (!ranges.isEmpty()) {
        SegmentRange open = ranges.getLast();
        if (open.contains(range.last())) {
          return;
        }
        if (open.next().equals(range.first())) {
          ranges.set(
              ranges.size() - 1, new SegmentRange(open.first(), open.count() + range.count()));
          return;
        }
      }
      ranges.add(range);
    }

    SegmentSet build() {
      return new SegmentSet(ranges);
    }
  }

  /// By timeline, then position; no two of them touch.
  List<SegmentRange> ranges() {
    return ranges;
  }

  SortedSet<Timeline> timelines() {
    return ranges.stream()
        .map(range -> range.first().timeline())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /// The one that is furthest along a path.
  public Optional<WalSegment> newestAlong(TimelineHistory path) {
    return ranges.stream()
        .flatMap(range -> range.along(path).stream())
        .map(SegmentRange::last)
        .max(WalSegment::compareTo);
  }

  @Override
  public boolean contains(Object object) {
    if (!(object instanceof WalSegment segment)) {
      return false;
    }
    int low = 0;
    int high = ranges.size() - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      SegmentRange range = ranges.get(middle);
      if (range.contains(segment)) {
        return true;
      }
      if (SegmentRange.BY_NAME.compare(range.first(), segment) < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return false;
  }

  @Override
  public Iterator<WalSegment> iterator() {
    return ranges.stream().flatMap(SegmentRange::stream).iterator();
  }

  @Override
  public int size() {
    return ranges.stream().mapToInt(SegmentRange::count).sum();
  }
}
