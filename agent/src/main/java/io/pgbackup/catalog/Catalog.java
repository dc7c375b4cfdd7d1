package io.pgbackup.catalog;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.lineage.Claim;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.postgres.wal.SegmentHeader;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/// Reads from a bucket what it holds and what can be restored from it: one LIST of the backups, one
/// of the WAL, and of the WAL itself the last segments of each run. What was read is remembered, so
/// reading again costs the LISTs and what is new.
///
/// All failures are [io.pgbackup.problem.PgBackupException]: those of the store, and
/// `VerificationFailed` for a document or segment that is not what it should be. Thread-safe.
public final class Catalog {
  private final ObjectStore store;
  private final ObjectCipher cipher;
  private final LineageFinder finder;
  private final BackupListing backups;
  private final SegmentHeaders headers;
  private final Histories histories;
  private final VersionedCache<SegmentEnds> ends = new VersionedCache<>();

  /// For archives that are not encrypted.
  public Catalog(ObjectStore store) {
    this(store, ObjectCipher.NONE);
  }

  /// @param cipher with the keys to read WAL with
  public Catalog(ObjectStore store, ObjectCipher cipher) {
    this.store = store;
    this.cipher = cipher;
    this.finder = new LineageFinder(store);
    this.backups = new BackupListing(store);
    this.headers = new SegmentHeaders(store, cipher);
    this.histories = new Histories(store, cipher);
  }

  /// Every lineage under the template, and every archive there that nobody claimed; for a literal
  /// folder the one in it. By cluster, then UID.
  public List<Lineage> lineages(PrefixTemplate template) {
    return finder.find(template, Optional.empty()).lineages();
  }

  /// Everything that can be found without being told where it lies: the lineages of the template,
  /// and archives that Spilo or WAL-G wrote in any folder. `docs/storage.md` says how far that goes
  /// and what it costs.
  ///
  /// @param cluster the one that is looked for: found in a layout that we know, the rest of the
  ///   bucket is not looked through; the result may hold others too
  public Discovery discover(PrefixTemplate template, Optional<ClusterId> cluster) {
    return finder.find(template, cluster);
  }

  /// What lies in one folder.
  public Discovery discoverIn(StoreFolder folder) {
    return finder.in(folder);
  }

  /// What lies in a folder that was named as an archive's and holds none.
  ///
  /// @return `NotFound`, which names the archives below, or whatever else is there
  public Problem explainAbsence(StoreFolder folder) {
    return new Absence(store, finder).explain(folder);
  }

  /// What a lineage holds now.
  public LineageCatalog read(Lineage lineage) {
    return read(lineage, (wal, segments, _) -> Optional.of(histories.pathToNewest(wal, segments)))
        .orElseThrow();
  }

  /// What a lineage holds now, seen along the way to a timeline that need not be the newest.
  ///
  /// @return nothing where the archive has nothing of that timeline
  public Optional<LineageCatalog> readAlong(Lineage lineage, Timeline timeline) {
    return read(
        lineage,
        (wal, segments, backupsThere) -> histories.pathTo(timeline, wal, segments, backupsThere));
  }

  private interface Way {
    Optional<TimelineHistory> choose(
        WalListing wal, Collection<WalSegment> segments, Collection<BaseBackup> backups);
  }

  private Optional<LineageCatalog> read(Lineage lineage, Way way) {
    ArchiveLayout layout = new ArchiveLayout(lineage.prefix());
    List<BaseBackup> allBackups = backups.read(layout);
    WalListing wal = WalListing.of(store, layout);
    Optional<SegmentHeader> header =
        lineage.claim().isPresent() ? Optional.empty() : headers.of(wal);
    WalSegmentSize size =
        lineage
            .claim()
            .map(Claim::segmentSize)
            .or(() -> header.map(SegmentHeader::segmentSize))
            .orElse(WalSegmentSize.DEFAULT);
    TreeSet<WalSegment> segments = new TreeSet<>();
    wal.segments()
        .keySet()
        .forEach(name -> WalSegment.tryParse(name, size).ifPresent(segments::add));
    return way.choose(wal, segments, allBackups)
        .map(path -> along(path, lineage, allBackups, wal, segments, size, header));
  }

  private LineageCatalog along(
      TimelineHistory path,
      Lineage lineage,
      List<BaseBackup> allBackups,
      WalListing wal,
      SortedSet<WalSegment> segments,
      WalSegmentSize size,
      Optional<SegmentHeader> header) {
    List<WalRun> runs = WalRun.along(path, segments);
    Chains chains = Chains.of(allBackups);
    List<BaseBackup> usable =
        canBeNamed(path, wal)
            ? allBackups.stream().filter(b -> isUsable(b, path, chains)).toList()
            : List.of();
    Map<BackupName, Instant> reach =
        Reaches.find(runs, usable, new ArchivedSegmentReader(store, cipher, wal.segments(), ends));
    return new LineageCatalog(
        lineage,
        allBackups,
        Collections.unmodifiableSortedSet(segments),
        size,
        path,
        Windows.of(usable, reach, path.timeline()),
        reach,
        Gaps.between(runs, usable, path),
        lastCommit(runs, usable, reach),
        header);
  }

  /// A delta counts when all that it stands on is there.
  private static boolean isUsable(BaseBackup backup, TimelineHistory path, Chains chains) {
    return chains.of(backup.name()).isPresent()
        && path.contains(backup.timeline(), backup.finishLsn());
  }

  /// Recovery is told its timeline by number, and refuses one above 1 that has no history file.
  private static boolean canBeNamed(TimelineHistory path, WalListing wal) {
    return path.timeline().equals(Timeline.FIRST)
        || wal.histories().containsKey(path.timeline().toHex() + ".history");
  }

  /// In the run that the newest backup lies in, since `--latest` begins there.
  private static Optional<Instant> lastCommit(
      List<WalRun> runs, List<BaseBackup> usable, Map<BackupName, Instant> reach) {
    return usable.stream()
        .max(Comparator.comparing(BaseBackup::finishLsn))
        .flatMap(newest -> runs.stream().filter(run -> run.carries(newest)).findFirst())
        .flatMap(
            run ->
                usable.stream()
                    .filter(run::carries)
                    .flatMap(backup -> Optional.ofNullable(reach.get(backup.name())).stream())
                    .max(Comparator.naturalOrder()));
  }
}
