package io.pgbackup.verify;

import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.TreeSet;

/// Which segments must be there. Pure.
final class WantedWal {
  private WantedWal() {}

  /// What makes backups consistent, by timeline.
  static SequencedSet<WalSegment> of(Collection<BaseBackup> backups, WalSegmentSize size) {
    TreeSet<WalSegment> wanted =
        new TreeSet<>(Comparator.comparing(WalSegment::timeline).thenComparing(WalSegment::start));
    for (BaseBackup backup : backups) {
      for (WalSegment segment = WalSegment.containing(backup.timeline(), backup.startLsn(), size);
          segment.start().isBefore(backup.finishLsn());
          segment = segment.next()) {
        wanted.add(segment);
      }
    }
    return wanted;
  }

  /// What recovery reads from the oldest of the backups on a path to the newest segment there is on
  /// it, in that order. Where a timeline was left, the copy of the younger one counts.
  static SequencedSet<WalSegment> onward(
      Collection<BaseBackup> backups,
      TimelineHistory path,
      Collection<WalSegment> present,
      WalSegmentSize size) {
    SequencedSet<WalSegment> wanted = new LinkedHashSet<>();
    Optional<Lsn> start =
        backups.stream()
            .filter(backup -> path.contains(backup.timeline(), backup.finishLsn()))
            .map(BaseBackup::startLsn)
            .min(Comparator.naturalOrder());
    Optional<Lsn> end =
        present.stream()
            .filter(segment -> segment.equals(onPath(path, segment)))
            .map(WalSegment::end)
            .max(Comparator.naturalOrder());
    if (start.isPresent() && end.isPresent()) {
      for (WalSegment segment = WalSegment.containing(Timeline.FIRST, start.get(), size);
          segment.start().isBefore(end.get());
          segment = segment.next()) {
        wanted.add(onPath(path, segment));
      }
    }
    return wanted;
  }

  private static WalSegment onPath(TimelineHistory path, WalSegment segment) {
    return segment.on(path.at(segment.end().plus(-1)));
  }

  /// Those that are not there, as runs of neighbours.
  static List<List<WalSegment>> runs(Collection<WalSegment> missing) {
    List<List<WalSegment>> runs = new ArrayList<>();
    for (WalSegment segment : missing) {
      if (runs.isEmpty() || !runs.getLast().getLast().end().equals(segment.start())) {
        runs.add(new ArrayList<>());
      }
      runs.getLast().add(segment);
    }
    return runs;
  }
}
