package io.pgbackup.catalog;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.store.StoredObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Everything that lies in a lineage's archive, object by object, for whoever decides what may go.
/// What cannot be read is named instead of ending the reading. Immutable.
///
/// @param backups that could be read, oldest finish first
/// @param withdrawn those that could be read too, and that nobody may restore: they failed a proof
/// @param unreadable backups whose documents could not
/// @param backupObjects sentinels and folders of base backups, those without a sentinel too
/// @param wal everything in the WAL folder
/// @param manifests ours, one beside each base backup
/// @param histories of the timelines whose history file could be read
/// @param timelinesInDoubt that have a history file which could not
/// @param segmentSize empty where no claim says it and no segment could be read
public record ArchiveSurvey(
    Lineage lineage,
    List<BaseBackup> backups,
    List<BaseBackup> withdrawn,
    List<UnreadableBackup> unreadable,
    List<StoredObject> backupObjects,
    List<StoredObject> wal,
    List<StoredObject> manifests,
    Map<Timeline, TimelineHistory> histories,
    Set<Timeline> timelinesInDoubt,
    Optional<WalSegmentSize> segmentSize) {
  /// A backup whose sentinel stands and says too little.
  ///
  /// @param reason as a person is told
  public record UnreadableBackup(BackupName name, String reason) {}

  public ArchiveSurvey {
    backups = List.copyOf(backups);
    withdrawn = List.copyOf(withdrawn);
    unreadable = List.copyOf(unreadable);
    backupObjects = List.copyOf(backupObjects);
    wal = List.copyOf(wal);
    manifests = List.copyOf(manifests);
    histories = Map.copyOf(histories);
    timelinesInDoubt = Set.copyOf(timelinesInDoubt);
  }

  public ArchiveLayout layout() {
    return new ArchiveLayout(lineage.prefix());
  }
}
