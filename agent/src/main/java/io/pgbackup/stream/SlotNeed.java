package io.pgbackup.stream;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// What of the WAL that a slot keeps the archive lacks. A slot's position alone says little: the
/// server writes it down at checkpoints only and goes back to an older one when it crashes, and the
/// last bytes of a stream may be stored without the server being told. Pure.
final class SlotNeed {
  private SlotNeed() {}

  /// The first segment that a slot keeps.
  static WalSegment oldest(TimelineHistory path, Lsn kept, WalSegmentSize size) {
    return onPath(path, WalSegment.containing(path.at(kept), kept, size));
  }

  /// @param oldest that the slot keeps
  /// @param path of the server's timeline
  /// @param flushed where the server's WAL ends
  /// @param held whether the archive has a segment as a whole
  /// @param inPieces whether it has the beginning of one
  /// @return the segment that the slot has to stay for, so that it is finished, or the stream was
  ///   in the middle of it; empty if the slot may go
  static Optional<WalSegment> of(
      WalSegment oldest,
      TimelineHistory path,
      Lsn flushed,
      Predicate<WalSegment> held,
      Predicate<WalSegment> inPieces) {
    WalSegment current = oldest(path, flushed, oldest.size());
    Optional<WalSegment> finished = firstMissing(oldest, current.start(), path, held);
    if (finished.isPresent()) {
      return finished;
    }
    WalSegment last = oldest.compareTo(current) < 0 ? current : oldest;
    boolean begun = last.equals(oldest) || inPieces.test(last);
    return Optional.of(last).filter(at -> begun && !held.test(at));
  }

  /// @param end exclusive, a segment's start
  static Optional<WalSegment> firstMissing(
      WalSegment from, Lsn end, TimelineHistory path, Predicate<WalSegment> held) {
    return Stream.iterate(from, at -> at.start().isBefore(end), at -> onPath(path, at.next()))
        .filter(at -> !held.test(at))
        .findFirst();
  }

  /// The segment at the same position that recovery along the path reads.
  static WalSegment onPath(TimelineHistory path, WalSegment segment) {
    return segment.on(path.at(segment.end().plus(-1)));
  }
}
