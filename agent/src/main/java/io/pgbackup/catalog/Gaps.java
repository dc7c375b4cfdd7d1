package io.pgbackup.catalog;

import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import java.util.ArrayList;
import java.util.List;

/// Names what lies between runs. Pure.
final class Gaps {
  private Gaps() {}

  /// @param runs along the path, oldest first
  /// @param backups on the path; what lies before the oldest of them is not missed
  static List<WalGap> between(List<WalRun> runs, List<BaseBackup> backups, TimelineHistory path) {
    List<WalGap> gaps = new ArrayList<>();
    for (int i = 1; i < runs.size(); i++) {
      WalSegment first = runs.get(i - 1).segments().getLast().next();
      WalSegment last = runs.get(i).segments().getFirst().previous();
      if (backups.stream().anyMatch(backup -> backup.startLsn().isBefore(last.end()))) {
        gaps.add(new WalGap(WalRun.onPath(path, first), WalRun.onPath(path, last)));
      }
    }
    return List.copyOf(gaps);
  }
}
