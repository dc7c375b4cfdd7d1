package io.pgbackup.catalog;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Segments of one timeline that follow each other.
///
/// @param count at least 1
record SegmentRange(WalSegment first, int count) {
  /// As their names sort: by timeline, then position.
  static final Comparator<WalSegment> BY_NAME =
      Comparator.comparing(WalSegment::timeline).thenComparing(WalSegment::start);

  SegmentRange {
    if (count < 1) {
      throw new IllegalArgumentException("a range of segments has at least one");
    }
  }

  static Optional<SegmentRange> between(WalSegment first, WalSegment last) {
    if (!first.timeline().equals(last.timeline()) || last.start().isBefore(first.start())) {
      return Optional.empty();
    }
    return Optional.of(
        new SegmentRange(
            first, (int) (last.start().minus(first.start()) / first.size().bytes()) + 1));
  }

  /// @param index from 0
  WalSegment get(int index) {
    return new WalSegment(
        first.timeline(), first.start().plus((long) index * first.size().bytes()), first.size());
  }

  WalSegment last() {
    return get(count - 1);
  }

  WalSegment next() {
    return get(count);
  }

  boolean contains(WalSegment segment) {
    return segment.timeline().equals(first.timeline())
        && !segment.start().isBefore(first.start())
        && segment.start().isBefore(next().start());
  }

  Stream<WalSegment> stream() {
    return IntStream.range(0, count).mapToObj(this::get);
  }

  /// @param from index, from 0
  SegmentRange part(int from, int length) {
    return new SegmentRange(get(from), length);
  }

  /// What recovery along the path reads of it. In the segment where a timeline was left, the copy
  /// of the younger timeline counts: recovery asks for it first, and it holds what came before.
  Optional<SegmentRange> along(TimelineHistory path) {
    boolean newest = first.timeline().equals(path.timeline());
    Optional<Lsn> left = path.endOf(first.timeline());
    if (!newest && left.isEmpty()) {
      return Optional.empty();
    }
    Lsn entered = path.beginOf(first.timeline());
    int from = entered.isBefore(first.start()) ? 0 : segmentsTo(entered);
    int to =
        left.map(end -> end.isBefore(first.start()) ? 0 : Math.min(count, segmentsTo(end)))
            .orElse(count);
    return from < to ? Optional.of(part(from, to - from)) : Optional.empty();
  }

  private int segmentsTo(Lsn position) {
    return (int) Math.min(Integer.MAX_VALUE, position.minus(first.start()) / first.size().bytes());
  }

  /// What is left of it without those, in order.
  List<SegmentRange> without(List<SegmentRange> others) {
    List<SegmentRange> left = new ArrayList<>();
    Optional<SegmentRange> rest = Optional.of(this);
    for (SegmentRange other :
        others.stream()
            .filter(this::touches)
            .sorted(Comparator.comparing(SegmentRange::first, BY_NAME))
            .toList()) {
      if (rest.isEmpty()) {
        break;
      }
      SegmentRange now = rest.get();
      if (now.first().start().isBefore(other.first().start())) {
        SegmentRange.between(now.first(), other.first().previous())
            .ifPresent(before -> left.add(before));
      }
      rest =
          other.last().start().isBefore(now.first().start())
              ? rest
              : SegmentRange.between(other.next(), now.last());
    }
    rest.ifPresent(left::add);
    return left;
  }

  private boolean touches(SegmentRange other) {
    return other.first().timeline().equals(first.timeline())
        && other.first().start().isBefore(next().start())
        && first.start().isBefore(other.next().start());
  }
}
