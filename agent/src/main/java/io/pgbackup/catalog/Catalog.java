package io.pgbackup.catalog;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.tail.PieceChain;
import io.pgbackup.engine.tail.Pieces;
import io.pgbackup.engine.tail.Tail;
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
import java.lang.ref.SoftReference;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads from a bucket what it holds and what can be restored from it: one LIST for each thousand
/// objects of base backups, one for each thousand WAL segments that no index object speaks of, and
/// of the WAL itself the last segments of each run, and one LIST of what was streamed of the
/// segment behind them. What was read is remembered, so reading again costs the LISTs and what is
/// new.
///
/// All failures are [io.pgbackup.problem.PgBackupException]: those of the store, and
/// `VerificationFailed` for a document or segment that is not what it should be. Thread-safe.
public final class Catalog {
  private static final Logger LOGGER = LoggerFactory.getLogger(Catalog.class);

  private final ObjectStore store;
  private final ObjectCipher cipher;
  private final LineageFinder finder;
  private final BackupListing backups;
  private final SegmentHeaders headers;
  private final Histories histories;
  private final VersionedCache<SegmentEnds> ends = new VersionedCache<>();
  private final AtomicReference<@Nullable KeptTail> lastTail = new AtomicReference<>();

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

  /// What a lineage holds now. Segments that index objects speak of are believed to be there, but
  /// for those before the first that a listing shows, and those behind a permanent base backup.
  public LineageCatalog read(Lineage lineage) {
    return read(lineage, Extent.INDEXED).catalog();
  }

  /// The same from a listing of all WAL, whatever index objects say.
  public LineageCatalog readWhole(Lineage lineage) {
    return read(lineage, Extent.WHOLE).catalog();
  }

  Found read(Lineage lineage, Extent extent) {
    return read(lineage, extent, (wal, _) -> Optional.of(histories.pathToNewest(wal)))
        .orElseThrow();
  }

  /// What a lineage holds now, seen along the way to a timeline that need not be the newest.
  ///
  /// @return nothing where the archive has nothing of that timeline
  public Optional<LineageCatalog> readAlong(Lineage lineage, Timeline timeline) {
    return read(
            lineage,
            Extent.INDEXED,
            (wal, backupsThere) -> histories.pathTo(timeline, wal, backupsThere))
        .map(Found::catalog);
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
    Optional<TimelineHistory> choose(WalFolder wal, Collection<BaseBackup> backups);
  }

  /// How the WAL is looked at.
  enum Extent {
    INDEXED,
    /// By a listing of all of it.
    WHOLE
  }

  /// @param indexes that stand, believed or not; none where nobody claimed the archive
  record Found(LineageCatalog catalog, WalFolder wal, List<SegmentIndexes.Index> indexes) {}

  private Optional<Found> read(Lineage lineage, Extent extent, Way way) {
    ArchiveLayout layout = new ArchiveLayout(lineage.prefix());
    BackupSurvey found = backups.described(layout);
    if (lineage.claim().isEmpty()) {
      WalListing listing = WalListing.of(store, layout);
      Optional<SegmentHeader> header = headers.of(listing);
      WalSegmentSize size = header.map(SegmentHeader::segmentSize).orElse(WalSegmentSize.DEFAULT);
      WalFolder wal = WalFolder.of(store, layout, size, listing);
      return way.choose(wal, found.backups())
          .map(path -> new Found(along(path, lineage, found, wal, header), wal, List.of()));
    }
    WalSegmentSize size = lineage.claim().get().segmentSize();
    List<SegmentIndexes.Index> indexes = new SegmentIndexes(store).standing(layout, size);
    List<SegmentIndexes.Index> believed =
        new ArrayList<>(extent == Extent.WHOLE ? List.of() : indexes);
    while (true) {
      try {
        WalFolder wal = WalFolder.indexed(store, layout, size, believed);
        requireWalBehindPermanent(found.backups(), wal);
        return way.choose(wal, found.backups())
            .map(
                path ->
                    new Found(along(path, lineage, found, wal, Optional.empty()), wal, indexes));
      } catch (WalFolder.IndexContradicted e) {
        LOGGER
            .atWarn()
            .addKeyValue("index", e.index().key())
            .log("index of WAL left out: it speaks of segments that are not there");
        believed.removeIf(index -> index.key().equals(e.index().key()));
      }
    }
  }

  /// Who deletes old base backups but permanent ones deletes the WAL between those and the rest.
  private static void requireWalBehindPermanent(List<BaseBackup> backups, WalFolder wal) {
    backups.stream()
        .filter(BaseBackup::permanent)
        .map(
            backup ->
                WalSegment.containing(backup.timeline(), backup.finishLsn(), wal.size()).next())
        .filter(next -> wal.indexOf(next).isPresent())
        .forEach(wal::object);
  }

  private LineageCatalog along(
      TimelineHistory path,
      Lineage lineage,
      BackupSurvey found,
      WalFolder wal,
      Optional<SegmentHeader> header) {
    Pieces pieces = new Pieces(store, new ArchiveLayout(lineage.prefix()), cipher);
    List<WalRun> whole = WalRun.along(path, wal.segments());
    Optional<PieceChain> streamed =
        whole.isEmpty() || lineage.claim().isEmpty()
            ? Optional.empty()
            : Optional.of(
                    pieces.chain(WalRun.onPath(path, whole.getLast().segments().getLast().next())))
                .filter(chain -> !chain.isEmpty());
    List<WalRun> runs = streamed.map(chain -> withUnfinished(whole, chain.segment())).orElse(whole);
    List<BaseBackup> allBackups = found.backups();
    Chains chains = Chains.of(allBackups);
    List<BaseBackup> usable =
        canBeNamed(path, wal)
            ? allBackups.stream().filter(b -> isUsable(b, path, chains)).toList()
            : List.of();
    Map<BackupName, Instant> reach =
        Reaches.find(
            runs,
            usable,
            new ArchivedSegmentReader(
                store,
                cipher,
                wal::object,
                ends,
                streamed,
                chain -> tail(lineage.prefix(), pieces, chain)));
    return new LineageCatalog(
        lineage,
        allBackups,
        wal.segments(),
        wal.size(),
        path,
        Windows.of(usable, reach, path.timeline()),
        reach,
        Gaps.between(
            runs,
            usable,
            path,
            () -> GapMarks.of(store, new ArchiveLayout(lineage.prefix()), wal.size())),
        lastCommit(runs, usable, reach),
        header,
        found.unreadable());
  }

  private static List<WalRun> withUnfinished(List<WalRun> runs, WalSegment streamed) {
    List<WalRun> all = new ArrayList<>(runs);
    all.addLast(all.removeLast().with(streamed));
    return all;
  }

  /// While a segment is being filled, each look at it reads only what came since the last one.
  private Optional<Tail> tail(StoreFolder prefix, Pieces pieces, PieceChain chain) {
    KeptTail kept = lastTail.get();
    Optional<Tail> known =
        kept != null && kept.prefix().equals(prefix)
            ? Optional.ofNullable(kept.tail().get())
            : Optional.empty();
    Optional<Tail> read = readable(pieces, chain, known);
    read.ifPresent(tail -> lastTail.set(new KeptTail(prefix, new SoftReference<>(tail))));
    return read;
  }

  /// What is behind the last whole segment, as far as the keys reach.
  private static Optional<Tail> readable(Pieces pieces, PieceChain chain, Optional<Tail> known) {
    try {
      return pieces.read(chain, known);
    } catch (PgBackupException e) {
      if (!(e.problem() instanceof Problem.VerificationFailed)) {
        throw e;
      }
      LOGGER
          .atWarn()
          .addKeyValue("problem", e.problem().message())
          .log("what was streamed of the newest segment cannot be read");
      return Optional.empty();
    }
  }

  /// @param tail given up where memory is short
  private record KeptTail(StoreFolder prefix, SoftReference<Tail> tail) {}

  /// A delta counts when all that it stands on is there.
  private static boolean isUsable(BaseBackup backup, TimelineHistory path, Chains chains) {
    return chains.of(backup.name()).isPresent()
        && path.contains(backup.timeline(), backup.finishLsn());
  }

  /// Recovery is told its timeline by number, and refuses one above 1 that has no history file.
  private static boolean canBeNamed(TimelineHistory path, WalFolder wal) {
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
