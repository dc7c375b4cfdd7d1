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
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Stream;

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

  /// Everything that lies in a lineage's archive, object by object: one LIST each of base backups,
  /// WAL and manifests. Documents that cannot be read are named in it and end nothing.
  public ArchiveSurvey survey(Lineage lineage) {
    ArchiveLayout layout = new ArchiveLayout(lineage.prefix());
    BackupSurvey found = backups.survey(layout);
    List<StoredObject> walObjects = list(layout.wal());
    WalListing wal = WalListing.of(walObjects.stream());
    Map<Timeline, TimelineHistory> known = new HashMap<>();
    Set<Timeline> inDoubt = new HashSet<>();
    for (WalListing.WalObject history : wal.histories().values()) {
      Timeline timeline = Timeline.parseHex(history.name().text().substring(0, 8));
      readable(() -> histories.find(history))
          .ifPresentOrElse(path -> known.put(timeline, path), () -> inDoubt.add(timeline));
    }
    return new ArchiveSurvey(
        lineage,
        found.backups(),
        found.withdrawn(),
        found.unreadable(),
        found.objects(),
        walObjects,
        list(layout.manifests()),
        known,
        inDoubt,
        lineage
            .claim()
            .map(Claim::segmentSize)
            .or(
                () ->
                    readable(() -> headers.of(wal))
                        .flatMap(header -> header)
                        .map(SegmentHeader::segmentSize)));
  }

  /// The base backups of an archive, by name: to see whether anything changed since a survey.
  public BackupSurvey surveyBackups(Lineage lineage) {
    return backups.survey(new ArchiveLayout(lineage.prefix()));
  }

  private List<StoredObject> list(StoreFolder folder) {
    try (Stream<StoredObject> objects = store.list(folder.path())) {
      return objects.toList();
    }
  }

  private static <T> Optional<T> readable(Supplier<T> reading) {
    try {
      return Optional.of(reading.get());
    } catch (PgBackupException e) {
      if (e.problem() instanceof Problem.VerificationFailed) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private interface Way {
    Optional<TimelineHistory> choose(
        WalListing wal, Collection<WalSegment> segments, Collection<BaseBackup> backups);
  }

  private Optional<LineageCatalog> read(Lineage lineage, Way way) {
    ArchiveLayout layout = new ArchiveLayout(lineage.prefix());
    BackupSurvey found = backups.described(layout);
    List<BaseBackup> allBackups = found.backups();
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
        .map(path -> along(path, lineage, found, wal, segments, size, header));
  }

  private LineageCatalog along(
      TimelineHistory path,
      Lineage lineage,
      BackupSurvey found,
      WalListing wal,
      SortedSet<WalSegment> segments,
      WalSegmentSize size,
      Optional<SegmentHeader> header) {
    List<WalRun> runs = WalRun.along(path, segments);
    List<BaseBackup> allBackups = found.backups();
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
        header,
        found.unreadable());
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
