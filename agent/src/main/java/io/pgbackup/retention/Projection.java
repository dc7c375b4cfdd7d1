package io.pgbackup.retention;

import io.pgbackup.catalog.ArchiveSurvey;
import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.schedule.Timing;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoredObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What an archive will look like if a schedule goes on: a full base backup and a segment each time
/// it comes, of no size, since nobody knows theirs. Pure.
public final class Projection {
  private static final int MOST = 20_000;

  /// @param survey with what will have come
  /// @param assumed the base backups that are not there yet
  public record Projected(ArchiveSurvey survey, Set<BackupName> assumed) {
    public Projected {
      assumed = Set.copyOf(assumed);
    }
  }

  private Projection() {}

  /// @param from now
  /// @param until inclusive
  public static Projected of(ArchiveSurvey survey, Timing schedule, Instant from, Instant until) {
    Optional<BaseBackup> newest = survey.backups().stream().max(KeepPoints.NEWER);
    if (newest.isEmpty()) {
      return new Projected(survey, Set.of());
    }
    List<BaseBackup> backups = new ArrayList<>(survey.backups());
    List<StoredObject> objects = new ArrayList<>(survey.backupObjects());
    List<StoredObject> wal = new ArrayList<>(survey.wal());
    Set<BackupName> assumed = new HashSet<>();
    ArchiveLayout layout = survey.layout();
    WalSegment segment = next(survey, newest.get());
    Optional<Instant> at = schedule.firstAfter(from);
    while (at.isPresent() && !at.get().isAfter(until) && assumed.size() < MOST) {
      BaseBackup backup = backup(newest.get(), segment, at.get());
      backups.add(backup);
      assumed.add(backup.name());
      objects.add(empty(layout.sentinel(backup.name()), at.get()));
      wal.add(empty(layout.wal(new WalFileName.Segment(segment.fileName()), Codec.NONE), at.get()));
      segment = segment.next();
      at = schedule.firstAfter(at.get());
    }
    return new Projected(
        new ArchiveSurvey(
            survey.lineage(),
            backups,
            survey.withdrawn(),
            survey.unreadable(),
            objects,
            wal,
            survey.manifests(),
            survey.histories(),
            survey.timelinesInDoubt(),
            survey.segmentSize()),
        assumed);
  }

  /// Behind all that is there, on the newest timeline.
  private static WalSegment next(ArchiveSurvey survey, BaseBackup newest) {
    WalSegmentSize size = survey.segmentSize().orElse(WalSegmentSize.DEFAULT);
    ArchivedWal wal = new ArchivedWal(survey.wal(), size);
    WalSegment last = WalSegment.containing(newest.timeline(), newest.finishLsn(), size);
    Timeline timeline = newest.timeline();
    for (Timeline each : wal.timelines()) {
      WalSegment end = wal.on(each).getLast().segment();
      last = end.start().compareTo(last.start()) > 0 ? end : last;
      timeline = each.compareTo(timeline) > 0 ? each : timeline;
    }
    for (Timeline each : survey.histories().keySet()) {
      timeline = each.compareTo(timeline) > 0 ? each : timeline;
    }
    return last.next().on(timeline);
  }

  private static BaseBackup backup(BaseBackup like, WalSegment segment, Instant at) {
    return new BaseBackup(
        BackupName.full(segment),
        segment.start().plus(0x28),
        segment.start().plus(0x100),
        at,
        at,
        like.serverVersion(),
        like.systemIdentifier(),
        0,
        0,
        false,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  private static StoredObject empty(ObjectKey key, Instant at) {
    return new StoredObject(key, 0, at, "", Map.of());
  }
}
