package io.pgbackup.retention;

import io.pgbackup.catalog.ArchiveSurvey.UnreadableBackup;
import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoredObject;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// What stays, why, and what may go. Immutable.
///
/// @param at the time it was made for
/// @param backups oldest finish first; those that cannot be read come first
/// @param wal what lies in the WAL folder, timeline by timeline
/// @param leftovers of base backups that were never finished
/// @param unreadable base backups that stay, with all WAL since, because nobody can say what they
///   are
/// @param blocks why nothing is deleted now, whatever else the plan says; empty where it may be
///   carried out
public record RetentionPlan(
    Instant at,
    RetentionRules rules,
    List<BackupVerdict> backups,
    List<WalRange> wal,
    List<Leftover> leftovers,
    List<UnreadableBackup> unreadable,
    List<String> blocks) {
  public RetentionPlan {
    backups = List.copyOf(backups);
    wal = List.copyOf(wal);
    leftovers = List.copyOf(leftovers);
    unreadable = List.copyOf(unreadable);
    blocks = List.copyOf(blocks);
  }

  /// @param backup empty where its documents cannot be read
  /// @param withdrawn whether it failed a proof, so that nobody may restore it
  /// @param reasons to keep it; none: it may go
  /// @param sentinel by which it exists
  /// @param others all else of it
  public record BackupVerdict(
      BackupName name,
      Optional<BaseBackup> backup,
      boolean withdrawn,
      List<String> reasons,
      StoredObject sentinel,
      List<StoredObject> others) {
    public BackupVerdict {
      reasons = List.copyOf(reasons);
      others = List.copyOf(others);
    }

    public boolean kept() {
      return !reasons.isEmpty();
    }

    /// Bytes in the store, without its WAL.
    public long bytes() {
      return sentinel.size() + size(others);
    }
  }

  /// Neighbouring objects of one timeline with the same verdict.
  ///
  /// @param first segment of the range
  /// @param last segment of the range
  public record WalRange(
      WalSegment first, WalSegment last, boolean kept, List<StoredObject> objects) {
    public WalRange {
      objects = List.copyOf(objects);
    }

    public long bytes() {
      return size(objects);
    }
  }

  /// Objects of a base backup that has no sentinel.
  ///
  /// @param keptBecause empty: they may go
  public record Leftover(
      BackupName name, Optional<String> keptBecause, List<StoredObject> objects) {
    public Leftover {
      objects = List.copyOf(objects);
    }

    public long bytes() {
      return size(objects);
    }
  }

  /// What somebody has to look at: the archive grows without end while a base backup cannot be
  /// read.
  public Optional<Problem> attention() {
    return unreadable.stream()
        .findFirst()
        .map(
            first ->
                Problem.verificationFailed(
                    "%s cannot be read%s, so it stays for ever with all WAL since: %s"
                        .formatted(first.name(), others(unreadable.size() - 1), first.reason()),
                    "Put back what its sentinel was, or delete that object if nobody needs this base"
                        + " backup: the rest of it goes by itself then."));
  }

  private static String others(int count) {
    return count == 0 ? "" : ", nor can %d others".formatted(count);
  }

  /// First of all: without it, nothing offers the backup any more.
  public List<ObjectKey> sentinels() {
    return going().map(verdict -> verdict.sentinel().key()).toList();
  }

  /// What lies in the folders of those backups, and of those that were never finished.
  public List<ObjectKey> contents() {
    return Stream.concat(
            going().flatMap(verdict -> verdict.others().stream()),
            goingLeftovers().flatMap(leftover -> leftover.objects().stream()))
        .map(StoredObject::key)
        .toList();
  }

  public List<ObjectKey> segments() {
    return goingWal().flatMap(range -> range.objects().stream()).map(StoredObject::key).toList();
  }

  public boolean deletesNothing() {
    return deletableObjects() == 0;
  }

  public long deletableObjects() {
    return (long) sentinels().size() + contents().size() + segments().size();
  }

  public long deletableBytes() {
    return going().mapToLong(BackupVerdict::bytes).sum()
        + goingLeftovers().mapToLong(Leftover::bytes).sum()
        + goingWal().mapToLong(WalRange::bytes).sum();
  }

  public Stream<BackupVerdict> going() {
    return backups.stream().filter(verdict -> !verdict.kept());
  }

  public Stream<Leftover> goingLeftovers() {
    return leftovers.stream().filter(leftover -> leftover.keptBecause().isEmpty());
  }

  public Stream<WalRange> goingWal() {
    return wal.stream().filter(range -> !range.kept());
  }

  private static long size(List<StoredObject> objects) {
    return objects.stream().mapToLong(StoredObject::size).sum();
  }
}
