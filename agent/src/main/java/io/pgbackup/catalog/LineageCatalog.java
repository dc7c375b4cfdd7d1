package io.pgbackup.catalog;

import io.pgbackup.catalog.ArchiveSurvey.UnreadableBackup;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.postgres.wal.SegmentHeader;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// What one lineage holds, read at one moment. Immutable.
///
/// @param backups oldest finish first
/// @param segments whole segments on all timelines (no `.partial`)
/// @param path the way to the lineage's newest timeline, or to the one that was asked for, along
///   which windows are counted
/// @param windows oldest first; they do not overlap
/// @param reach for each backup that a timestamp can be restored from: the greatest commit time
///   that recovery from it meets; instants before it, from the backup's finish on, are restorable
/// @param gaps between the oldest backup's start and the newest segment, along the path
/// @param lastCommit the greatest commit time that `--latest` reaches, where a backup and a commit
///   stand
/// @param newestSegment what it says of its server; read only where no claim says it
/// @param unreadable base backups that are not among `backups`, because what describes them is
///   damaged
public record LineageCatalog(
    Lineage lineage,
    List<BaseBackup> backups,
    SegmentSet segments,
    WalSegmentSize segmentSize,
    TimelineHistory path,
    List<RecoveryWindow> windows,
    Map<BackupName, Instant> reach,
    List<WalGap> gaps,
    Optional<Instant> lastCommit,
    Optional<SegmentHeader> newestSegment,
    List<UnreadableBackup> unreadable) {
  /// Whether every segment from a backup's start to its finish is there: without one of them it
  /// cannot be restored, although its sentinel stands.
  public boolean hasWalOf(BaseBackup backup) {
    WalSegment segment = WalSegment.containing(backup.timeline(), backup.startLsn(), segmentSize);
    while (segment.start().compareTo(backup.finishLsn()) < 0) {
      if (!segments.contains(segment)) {
        return false;
      }
      segment = segment.next();
    }
    return true;
  }

  /// A backup and all that it stands on, the full one first. Empty where one of them is missing.
  public Optional<List<BaseBackup>> chain(BackupName name) {
    return Chains.of(backups).of(name);
  }

  /// Timelines with base backups that the path passes by.
  public SortedSet<Timeline> otherTimelines() {
    return backups.stream()
        .filter(backup -> !isOnPath(backup))
        .map(BaseBackup::timeline)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /// Whether the newest base backup of all lies beside the path: two servers went on from one
  /// history, and which of them is the lineage's, no archive can tell.
  public boolean isSplit() {
    return backups.stream()
        .max(Comparator.comparing(BaseBackup::finishTime))
        .filter(backup -> !isOnPath(backup))
        .isPresent();
  }

  private boolean isOnPath(BaseBackup backup) {
    return path.contains(backup.timeline(), backup.finishLsn());
  }
}
