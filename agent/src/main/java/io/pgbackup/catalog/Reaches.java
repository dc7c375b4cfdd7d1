package io.pgbackup.catalog;

import io.pgbackup.engine.format.BackupName;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.WalSegment;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/// How far recovery can go from each backup: to the greatest time of a transaction's end behind the
/// backup in the same run. Pure but for the segments it asks for.
///
/// Times mostly ascend, so the search goes backwards from a run's end to the first segment that has
/// one, and through one more, since times are not monotone from record to record. A clock that was
/// set back by more than a segment makes the answer too small, never too great.
final class Reaches {
  private final SegmentReader reader;
  private final Map<BackupName, Instant> found = new HashMap<>();

  private Reaches(SegmentReader reader) {
    this.reader = reader;
  }

  /// @param backups that lie on the path of the runs
  /// @return the time, for each backup where it is later than the backup's finish
  static Map<BackupName, Instant> find(
      List<WalRun> runs, Collection<BaseBackup> backups, SegmentReader reader) {
    Reaches reaches = new Reaches(reader);
    runs.forEach(run -> reaches.search(run, backups));
    return Map.copyOf(reaches.found);
  }

  private void search(WalRun whole, Collection<BaseBackup> backups) {
    Deque<WalRun> open = new ArrayDeque<>(List.of(whole));
    while (!open.isEmpty()) {
      WalRun run = open.pop();
      List<BaseBackup> carried = backups.stream().filter(run::carries).toList();
      OptionalInt broken = carried.isEmpty() ? OptionalInt.empty() : searchBackwards(run, carried);
      if (broken.isPresent()) {
        run.after(broken.getAsInt()).ifPresent(open::push);
        open.push(run.upTo(broken.getAsInt()));
      }
    }
  }

  /// @return the index of a segment behind which recovery cannot go on, although more follow
  private OptionalInt searchBackwards(WalRun run, List<BaseBackup> carried) {
    Lsn oldestFinish =
        carried.stream().map(BaseBackup::finishLsn).min(Comparator.naturalOrder()).orElseThrow();
    List<WalSegment> segments = run.readable();
    List<SegmentEnds> read = new ArrayList<>();
    boolean oneMore = true;
    for (int i = segments.size() - 1; i >= 0 && oneMore; i--) {
      if (segments.get(i).end().compareTo(oldestFinish) <= 0) {
        break;
      }
      SegmentEnds ends = reader.read(segments.get(i), segments.subList(i + 1, segments.size()));
      if (!ends.whole() && i < segments.size() - 1) {
        return OptionalInt.of(i);
      }
      oneMore = read.stream().allMatch(later -> later.peaks().isEmpty());
      read.add(ends);
    }
    carried.forEach(backup -> note(backup, read));
    return OptionalInt.empty();
  }

  private void note(BaseBackup backup, List<SegmentEnds> read) {
    read.stream()
        .flatMap(ends -> ends.greatestFrom(backup.finishLsn()).stream())
        .max(Comparator.naturalOrder())
        .filter(backup.finishTime()::isBefore)
        .ifPresent(time -> found.put(backup.name(), time));
  }
}
