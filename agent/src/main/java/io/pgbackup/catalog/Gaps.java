package io.pgbackup.catalog;

import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/// Names what lies between runs.
final class Gaps {
  private Gaps() {}

  /// @param runs along the path, oldest first
  /// @param backups on the path; what lies before the oldest of them is not missed
  /// @param marks asked for only where something is missing
  static List<WalGap> between(
      List<WalRun> runs, List<BaseBackup> backups, TimelineHistory path, Supplier<GapMarks> marks) {
    List<WalGap> gaps = new ArrayList<>();
    for (int i = 1; i < runs.size(); i++) {
      WalSegment first = runs.get(i - 1).segments().getLast().next();
      WalSegment last = runs.get(i).segments().getFirst().previous();
      if (backups.stream().anyMatch(backup -> backup.startLsn().isBefore(last.end()))) {
        List<WalRun> behind = runs.subList(i, runs.size());
        boolean closed = behind.stream().anyMatch(run -> backups.stream().anyMatch(run::carries));
        gaps.add(
            new WalGap(
                WalRun.onPath(path, first),
                WalRun.onPath(path, last),
                closed ? GapState.CLOSED : GapState.OPEN));
      }
    }
    return gaps.isEmpty() ? List.of() : spokenFor(gaps, marks.get(), path);
  }

  private static List<WalGap> spokenFor(List<WalGap> gaps, GapMarks marks, TimelineHistory path) {
    return gaps.stream()
        .map(
            gap ->
                marks
                    .of(gap, path)
                    .map(state -> new WalGap(gap.first(), gap.last(), state))
                    .orElse(gap))
        .toList();
  }
}
