package io.pgbackup.restore;

import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import java.util.Optional;

/// What a restore is going to do, decided before anything is touched. Immutable.
///
/// @param backup where it begins; a full one
/// @param path the timelines that are replayed; the last one's number is given to PostgreSQL
/// @param firstSegment the first that recovery needs
/// @param lastSegment the last that it is expected to need
public record RestorePlan(
    Lineage lineage,
    RecoveryTarget target,
    BaseBackup backup,
    TimelineHistory path,
    WalSegment firstSegment,
    WalSegment lastSegment) {
  /// Of the WAL that a server keeps by default (`max_wal_size`).
  private static final long KEPT_WAL = 1L << 30;

  public Timeline timeline() {
    return path.timeline();
  }

  /// About so many segments are replayed.
  public long segments() {
    return lastSegment.start().minus(firstSegment.start()) / firstSegment.size().bytes() + 1;
  }

  /// Bytes of the base backup in the store, where its sentinel says so.
  public Optional<Long> downloadBytes() {
    return backup.compressedSize() > 0 ? Optional.of(backup.compressedSize()) : Optional.empty();
  }

  /// Bytes that the data directory needs: the backup's files and the WAL that PostgreSQL keeps
  /// while it replays. Empty where the sentinel does not say how large the files are.
  public Optional<Long> diskBytes() {
    long wal = Math.min(segments() * firstSegment.size().bytes(), KEPT_WAL);
    return backup.uncompressedSize() > 0
        ? Optional.of(backup.uncompressedSize() + wal)
        : Optional.empty();
  }
}
