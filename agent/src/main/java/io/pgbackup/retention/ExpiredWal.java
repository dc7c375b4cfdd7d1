package io.pgbackup.retention;

import io.pgbackup.catalog.ArchiveSurvey;
import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.catalog.GapMarks;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.retention.RetentionPlan.BackupVerdict;
import io.pgbackup.retention.RetentionPlan.WalRange;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// Says of WAL that goes behind a base backup which is kept for itself that nobody lost it.
/// Stateless.
final class ExpiredWal {
  private ExpiredWal() {}

  /// @param first,last on one timeline, both inclusive
  record Between(WalSegment first, WalSegment last) {}

  /// What plans leave out between what they keep: from one kept segment to the next on the same
  /// timeline, whether there is WAL or not.
  static List<Between> of(RetentionPlan plan) {
    Optional<Lsn> oldest =
        plan.backups().stream()
            .filter(BackupVerdict::kept)
            .flatMap(verdict -> verdict.backup().stream())
            .map(BaseBackup::startLsn)
            .min(Comparator.naturalOrder());
    List<Between> all = new ArrayList<>();
    for (int i = 0; i < plan.wal().size(); i++) {
      WalRange range = plan.wal().get(i);
      if (!range.kept() && oldest.filter(start -> start.isBefore(range.last().end())).isPresent()) {
        all.add(
            new Between(
                neighbour(plan, i - 1, range)
                    .map(before -> before.last().next())
                    .orElse(range.first()),
                neighbour(plan, i + 1, range)
                    .map(after -> after.first().previous())
                    .orElse(range.last())));
      }
    }
    return all;
  }

  private static Optional<WalRange> neighbour(RetentionPlan plan, int index, WalRange range) {
    return index < 0 || index >= plan.wal().size()
        ? Optional.empty()
        : Optional.of(plan.wal().get(index))
            .filter(other -> other.first().timeline().equals(range.first().timeline()));
  }

  /// Before it goes, so that no look in between takes it for a loss.
  static void mark(ObjectStore store, ArchiveSurvey survey, RetentionPlan plan, Instant now) {
    List<Between> going = of(plan);
    if (going.isEmpty()) {
      return;
    }
    ArchiveLayout layout = survey.layout();
    WalSegmentSize size = survey.segmentSize().orElse(WalSegmentSize.DEFAULT);
    GapMarks marks = GapMarks.of(store, layout, size);
    List<ObjectKey> replaced = new ArrayList<>();
    for (Between each : going) {
      if (!marks.sayExpired(each.first(), each.last())) {
        GapMarks.expire(store, layout, each.first(), each.last(), now);
        replaced.addAll(marks.expiredWithin(each.first(), each.last()));
      }
    }
    if (!replaced.isEmpty()) {
      store.deleteOrExplain(replaced);
    }
  }
}
