package io.pgbackup.catalog;

import io.pgbackup.engine.format.BackupName;
import io.pgbackup.postgres.Timeline;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Joins what each backup reaches into windows. Pure.
final class Windows {
  private Windows() {}

  static List<RecoveryWindow> of(
      Collection<BaseBackup> backups, Map<BackupName, Instant> reach, Timeline timeline) {
    List<RecoveryWindow> windows = new ArrayList<>();
    backups.stream()
        .flatMap(backup -> window(backup, reach, timeline).stream())
        .sorted(Comparator.comparing(RecoveryWindow::start))
        .forEach(
            window -> {
              if (!windows.isEmpty() && !windows.getLast().end().isBefore(window.start())) {
                windows.add(join(windows.removeLast(), window));
              } else {
                windows.add(window);
              }
            });
    return List.copyOf(windows);
  }

  private static Optional<RecoveryWindow> window(
      BaseBackup backup, Map<BackupName, Instant> reach, Timeline timeline) {
    return Optional.ofNullable(reach.get(backup.name()))
        .map(end -> new RecoveryWindow(backup.finishTime(), end, backup.name(), timeline));
  }

  private static RecoveryWindow join(RecoveryWindow earlier, RecoveryWindow later) {
    Instant end = earlier.end().isAfter(later.end()) ? earlier.end() : later.end();
    return new RecoveryWindow(earlier.start(), end, earlier.oldestBackup(), earlier.timeline());
  }
}
