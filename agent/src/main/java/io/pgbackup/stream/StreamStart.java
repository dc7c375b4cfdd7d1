package io.pgbackup.stream;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.problem.Problem;
import java.util.Optional;
import java.util.function.Predicate;

/// Where a stream begins: behind what the archive holds, if the server still has that WAL,
/// otherwise with what the slot keeps, and then there is a gap. Pure.
sealed interface StreamStart {
  /// @param first to be received
  /// @param until where the first one's timeline is left behind, at a segment's start: the next
  ///   timeline has a copy of what comes then. Empty on the server's newest timeline
  /// @param gap the segments that nobody has any more
  record From(WalSegment first, Optional<Lsn> until, Optional<Gap> gap) implements StreamStart {}

  /// The archive must not be written from this server.
  record Never(Problem problem) implements StreamStart {}

  /// @param first,last both inclusive
  record Gap(WalSegment first, WalSegment last) {}

  /// @param next the segment behind the archive's newest on the server's path, empty where the
  ///   archive has none
  /// @param path of the server's timeline
  /// @param flushed where the server's WAL ends
  /// @param oldest segment that the slot keeps. What is before the stream's begin the server may
  ///   remove
  /// @param archived whether the archive has a segment: WAL that came another way may have left a
  ///   hole that the slot can fill
  /// @param has whether the server has a segment in its `pg_wal`
  static StreamStart decide(
      Optional<WalSegment> next,
      TimelineHistory path,
      Lsn flushed,
      WalSegment oldest,
      Predicate<WalSegment> archived,
      Predicate<WalSegment> has) {
    if (next.isEmpty()) {
      return from(oldest, path, Optional.empty());
    }
    WalSegment wanted = next.get();
    if (flushed.isBefore(wanted.start())) {
      return new Never(
          Problem.refused(
              "the server's WAL ends at %s on timeline %s, and the archive goes on to %s"
                  .formatted(flushed, path.timeline(), wanted.start()),
              "The server went back to an older state of its data, so its history is another one:"
                  + " take its identity away to begin a new lineage, or restore it."));
    }
    Optional<WalSegment> hole = SlotNeed.firstMissing(oldest, wanted.start(), path, archived);
    if (hole.isPresent()) {
      return from(hole.get(), path, Optional.empty());
    }
    if (oldest.compareTo(wanted) <= 0 || has.test(wanted)) {
      return from(wanted, path, Optional.empty());
    }
    return from(
        oldest, path, Optional.of(new Gap(wanted, SlotNeed.onPath(path, oldest.previous()))));
  }

  private static From from(WalSegment first, TimelineHistory path, Optional<Gap> gap) {
    Optional<Lsn> until =
        path.endOf(first.timeline())
            .map(end -> WalSegment.containing(first.timeline(), end, first.size()).start());
    return new From(first, until, gap);
  }
}
