package io.pgbackup.restore;

import static java.util.Comparator.comparing;
import static java.util.Comparator.naturalOrder;
import static java.util.stream.Collectors.joining;

import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.catalog.WalGap;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/// Decides how an instant is restored, or why it cannot be. Pure: what it knows is in the
/// catalogues, and it touches nothing.
///
/// @param local the zone in which instants are shown beside UTC
/// @param now the lineage of the data that lie where the restore is asked for, to be named as such
public record RestorePlanner(ZoneId local, Optional<LineageUid> now) {
  public RestorePlanner(ZoneId local) {
    this(local, Optional.empty());
  }

  /// @param lineages of one cluster
  /// @param uid which of them; left out, exactly one must be able to reach the target
  /// @throws PgBackupException `NotFound` if there is no such lineage, `Refused` with the nearest
  ///   restorable instants if the target cannot be reached, or with the candidates if several can
  public RestorePlan plan(
      ClusterId cluster,
      List<LineageCatalog> lineages,
      Optional<LineageUid> uid,
      RecoveryTarget target) {
    List<LineageCatalog> named =
        lineages.stream()
            .filter(catalog -> uid.isEmpty() || uid.get().equals(catalog.lineage().uid()))
            .toList();
    if (named.isEmpty()) {
      throw noLineage(cluster, lineages, uid).asException();
    }
    List<LineageCatalog> able = named.stream().filter(catalog -> reaches(catalog, target)).toList();
    return switch (able.size()) {
      case 0 -> throw new TargetRefusal(local).explain(named, target).asException();
      case 1 -> plan(able.getFirst(), target);
      default -> throw ambiguous(cluster, able, target).asException();
    };
  }

  private static boolean reaches(LineageCatalog catalog, RecoveryTarget target) {
    return switch (target) {
      case RecoveryTarget.AtTime(Instant instant) -> backupFor(catalog, instant).isPresent();
      case RecoveryTarget.Latest() -> newest(catalog).isPresent();
    };
  }

  private static RestorePlan plan(LineageCatalog catalog, RecoveryTarget target) {
    BaseBackup backup =
        switch (target) {
          case RecoveryTarget.AtTime(Instant instant) -> backupFor(catalog, instant).orElseThrow();
          case RecoveryTarget.Latest() -> newestWithoutGap(catalog);
        };
    return new RestorePlan(
        catalog.lineage(),
        target,
        catalog.chain(backup.name()).orElseThrow(),
        catalog.path(),
        catalog.segmentSize(),
        wal(catalog, target, backup));
  }

  /// The newest backup that finished at or before the instant and from which recovery meets a later
  /// commit: the less WAL is replayed the better.
  private static Optional<BaseBackup> backupFor(LineageCatalog catalog, Instant instant) {
    return usable(catalog)
        .filter(backup -> !backup.finishTime().isAfter(instant))
        .filter(
            backup ->
                Optional.ofNullable(catalog.reach().get(backup.name()))
                    .filter(instant::isBefore)
                    .isPresent())
        .max(comparing(BaseBackup::finishTime).thenComparing(BaseBackup::startLsn));
  }

  private static BaseBackup newestWithoutGap(LineageCatalog catalog) {
    BaseBackup backup = newest(catalog).orElseThrow();
    Lsn end =
        segmentsOnPath(catalog).max(naturalOrder()).map(WalSegment::end).orElse(backup.finishLsn());
    Optional<WalGap> gap = gapBetween(catalog, backup.startLsn(), end);
    if (gap.isPresent()) {
      throw Problem.refused(
              "the archive lacks %s after the newest backup %s"
                  .formatted(describe(gap.get()), backup.name()),
              catalog.windows().isEmpty()
                  ? "Take a base backup; nothing later than the gap can be restored."
                  : "Restore to a --timestamp inside a window; 'pgbackup window' lists them.")
          .asException();
    }
    return backup;
  }

  private static Optional<BaseBackup> newest(LineageCatalog catalog) {
    return usable(catalog)
        .max(comparing(BaseBackup::finishTime).thenComparing(BaseBackup::startLsn));
  }

  /// Those on the path whose chain is whole.
  private static Stream<BaseBackup> usable(LineageCatalog catalog) {
    TimelineHistory path = catalog.path();
    return catalog.backups().stream()
        .filter(backup -> catalog.chain(backup.name()).isPresent())
        .filter(backup -> path.contains(backup.timeline(), backup.finishLsn()));
  }

  private static Optional<WalGap> gapBetween(LineageCatalog catalog, Lsn begin, Lsn end) {
    return catalog.gaps().stream()
        .filter(gap -> begin.isBefore(gap.last().end()) && gap.first().start().isBefore(end))
        .findFirst();
  }

  private static String describe(WalGap gap) {
    return gap.first().equals(gap.last())
        ? "WAL segment " + gap.first()
        : "WAL segments " + gap.first() + " to " + gap.last();
  }

  private static SortedSet<WalSegment> wal(
      LineageCatalog catalog, RecoveryTarget target, BaseBackup backup) {
    Lsn begin =
        WalSegment.containing(backup.timeline(), backup.startLsn(), catalog.segmentSize()).start();
    Optional<Lsn> end =
        switch (target) {
          case RecoveryTarget.Latest() -> Optional.empty();
          case RecoveryTarget.AtTime(Instant instant) -> startOfNextBackup(catalog, instant);
        };
    TreeMap<Lsn, WalSegment> byPosition = new TreeMap<>();
    segmentsOnPath(catalog)
        .filter(segment -> !segment.start().isBefore(begin))
        .filter(segment -> end.isEmpty() || segment.start().isBefore(end.get()))
        .forEach(
            segment ->
                byPosition.merge(segment.start(), segment, (left, right) -> max(left, right)));
    return new TreeSet<>(byPosition.values());
  }

  private static WalSegment max(WalSegment left, WalSegment right) {
    return left.compareTo(right) < 0 ? right : left;
  }

  /// Recovery to a time ends at the first commit that is later, and that usually stands before the
  /// start of the next backup.
  private static Optional<Lsn> startOfNextBackup(LineageCatalog catalog, Instant instant) {
    return usable(catalog)
        .filter(later -> later.startTime().isAfter(instant))
        .map(BaseBackup::startLsn)
        .min(naturalOrder());
  }

  private static Stream<WalSegment> segmentsOnPath(LineageCatalog catalog) {
    TimelineHistory path = catalog.path();
    return catalog.segments().stream()
        .filter(
            segment ->
                segment.timeline().equals(path.timeline())
                    || path.endOf(segment.timeline())
                        .filter(segment.start()::isBefore)
                        .isPresent());
  }

  private static Problem noLineage(
      ClusterId cluster, List<LineageCatalog> lineages, Optional<LineageUid> uid) {
    if (lineages.isEmpty() || uid.isEmpty()) {
      return Problem.notFound(
          "the store holds no backups of cluster " + cluster,
          "'pgbackup clusters' lists what it holds.");
    }
    return Problem.notFound(
        "cluster " + cluster + " has no lineage " + uid.get(),
        "It has "
            + lineages.stream().map(each -> each.lineage().uid().value()).collect(joining(", "))
            + ".");
  }

  private Problem ambiguous(ClusterId cluster, List<LineageCatalog> able, RecoveryTarget target) {
    String what =
        switch (target) {
          case RecoveryTarget.AtTime(Instant instant) -> Moments.both(instant, local);
          case RecoveryTarget.Latest() -> "its latest state";
        };
    return Problem.refused(
        "%d lineages of cluster %s can be restored to %s: %s"
            .formatted(
                able.size(),
                cluster,
                what,
                able.stream().map(this::describe).collect(joining("; "))),
        able.stream().map(each -> each.lineage().uid()).distinct().count() == able.size()
            ? "Choose one with --uid."
            : "Choose one with --prefix FOLDER: their UIDs are the same.");
  }

  private String describe(LineageCatalog catalog) {
    String version =
        catalog.backups().isEmpty()
            ? ""
            : " (PostgreSQL " + catalog.backups().getLast().serverVersion().major() + ")";
    String windows =
        catalog.windows().stream()
            .map(window -> Moments.utc(window.start()) + " to " + Moments.utc(window.end()))
            .collect(joining(", "));
    String here =
        now.filter(catalog.lineage().uid()::equals).map(_ -> " (this server now)").orElse("");
    return catalog.lineage().uid()
        + here
        + " in "
        + catalog.lineage().prefix()
        + version
        + (windows.isEmpty() ? "" : " " + windows);
  }
}
