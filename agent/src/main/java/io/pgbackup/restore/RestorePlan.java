package io.pgbackup.restore;

import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.ToLongFunction;

/// What a restore is going to do, decided before anything is touched. Immutable.
///
/// @param chain where it begins: a full backup, and the deltas on it that are applied, in order
/// @param path the timelines that are replayed; the last one's number is given to PostgreSQL
/// @param wal the archived segments that recovery is expected to ask for, one for each position:
///   the one on the later timeline where two timelines share it, as PostgreSQL prefers it
/// @param asOf the instant whose state of the store is read, where it is not today's
public record RestorePlan(
    Lineage lineage,
    RecoveryTarget target,
    List<BaseBackup> chain,
    TimelineHistory path,
    WalSegmentSize segmentSize,
    SortedSet<WalSegment> wal,
    Optional<Instant> asOf) {
  /// Of the WAL that a server keeps by default (`max_wal_size`).
  private static final long KEPT_WAL = 1L << 30;

  public RestorePlan {
    chain = List.copyOf(chain);
    if (chain.isEmpty()) {
      throw new IllegalArgumentException("a restore begins with a base backup");
    }
    wal = Collections.unmodifiableSortedSet(new TreeSet<>(wal));
  }

  /// From the store as it is.
  public RestorePlan(
      Lineage lineage,
      RecoveryTarget target,
      List<BaseBackup> chain,
      TimelineHistory path,
      WalSegmentSize segmentSize,
      SortedSet<WalSegment> wal) {
    this(lineage, target, chain, path, segmentSize, wal, Optional.empty());
  }

  /// The same, read from the store as it stood at an instant.
  public RestorePlan readAsOf(Optional<Instant> instant) {
    return new RestorePlan(lineage, target, chain, path, segmentSize, wal, instant);
  }

  public Timeline timeline() {
    return path.timeline();
  }

  /// The base backup that recovery begins with.
  public BaseBackup backup() {
    return chain.getLast();
  }

  /// Bytes of the base backup in the store, and of all that it stands on, where their sentinels say
  /// so.
  public Optional<Long> downloadBytes() {
    return sum(BaseBackup::compressedSize);
  }

  /// Bytes of tar content that are unpacked, where the sentinels say so.
  public Optional<Long> contentBytes() {
    return sum(BaseBackup::uncompressedSize);
  }

  private Optional<Long> sum(ToLongFunction<BaseBackup> size) {
    return chain.stream().allMatch(backup -> size.applyAsLong(backup) > 0)
        ? Optional.of(chain.stream().mapToLong(size).sum())
        : Optional.empty();
  }

  /// Bytes that the data directory needs: the backup's files and the WAL that PostgreSQL keeps
  /// while it replays. Of a chain all that is unpacked is counted, which is a little too much:
  /// pages of a delta mostly replace others. Empty where a sentinel does not say how large the
  /// files are.
  public Optional<Long> diskBytes() {
    long kept = wal.isEmpty() ? 0 : Math.min(wal.size() * (long) segmentSize.bytes(), KEPT_WAL);
    return contentBytes().map(content -> content + kept);
  }
}
