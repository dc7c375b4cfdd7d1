package io.pgbackup.restore;

import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/// What a restore is going to do, decided before anything is touched. Immutable.
///
/// @param backup where it begins; a full one
/// @param path the timelines that are replayed; the last one's number is given to PostgreSQL
/// @param wal the archived segments that recovery is expected to ask for, one for each position:
///   the one on the later timeline where two timelines share it, as PostgreSQL prefers it
public record RestorePlan(
    Lineage lineage,
    RecoveryTarget target,
    BaseBackup backup,
    TimelineHistory path,
    WalSegmentSize segmentSize,
    SortedSet<WalSegment> wal) {
  /// Of the WAL that a server keeps by default (`max_wal_size`).
  private static final long KEPT_WAL = 1L << 30;

  public RestorePlan {
    wal = Collections.unmodifiableSortedSet(new TreeSet<>(wal));
  }

  public Timeline timeline() {
    return path.timeline();
  }

  /// Bytes of the base backup in the store, where its sentinel says so.
  public Optional<Long> downloadBytes() {
    return backup.compressedSize() > 0 ? Optional.of(backup.compressedSize()) : Optional.empty();
  }

  /// Bytes that the data directory needs: the backup's files and the WAL that PostgreSQL keeps
  /// while it replays. Empty where the sentinel does not say how large the files are.
  public Optional<Long> diskBytes() {
    long kept = wal.isEmpty() ? 0 : Math.min(wal.size() * (long) segmentSize.bytes(), KEPT_WAL);
    return backup.uncompressedSize() > 0
        ? Optional.of(backup.uncompressedSize() + kept)
        : Optional.empty();
  }
}
