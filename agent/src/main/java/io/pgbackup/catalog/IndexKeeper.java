package io.pgbackup.catalog;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pgbackup.catalog.Catalog.Extent;
import io.pgbackup.catalog.SegmentIndexes.Index;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads a claimed lineage again and again, and writes index objects for what it was shown, so that
/// nobody lists that again. Once a day, and the second time of all, it lists everything and takes
/// back what is not true: an index that speaks of segments that are gone.
///
/// Nothing that is written here is needed to restore; where it cannot be written, more is listed.
///
/// Not thread-safe: it belongs to whoever reads.
public final class IndexKeeper {
  /// How much an index speaks of.
  ///
  /// @param segments of one index. A LIST shows a thousand, so a LIST of indexes shows a million
  /// @param shortest fewer before a gap are listed with what is around them
  /// @param leftOpen the last before a gap, or before the end, are read for the times of their
  ///   commits, so they go on being listed
  /// @param settled after so long nothing comes late into a gap
  record Sizes(int segments, int shortest, int leftOpen, Duration settled) {
    static final Sizes DEFAULT = new Sizes(1024, 16, 4, Duration.ofDays(1));
  }

  private static final Duration WHOLE = Duration.ofDays(1);
  private static final int AT_ONCE = 128;
  private static final Logger LOGGER = LoggerFactory.getLogger(IndexKeeper.class);

  private final ObjectStore store;
  private final Catalog catalog;
  private final Lineage lineage;
  private final InstantSource clock;
  private final Sizes sizes;
  private final ArchiveLayout layout;
  private boolean begun;
  private @Nullable Instant listedWhole;
  private boolean failing;

  /// @param lineage that is claimed: nothing is written into an archive that is nobody's
  public IndexKeeper(ObjectStore store, Catalog catalog, Lineage lineage, InstantSource clock) {
    this(store, catalog, lineage, clock, Sizes.DEFAULT);
  }

  IndexKeeper(
      ObjectStore store, Catalog catalog, Lineage lineage, InstantSource clock, Sizes sizes) {
    this.sizes = sizes;
    this.store = store;
    this.catalog = catalog;
    this.lineage = lineage;
    this.clock = clock;
    this.layout = new ArchiveLayout(lineage.prefix());
  }

  /// What the lineage holds now.
  public LineageCatalog read() {
    Instant now = clock.instant();
    Instant last = listedWhole;
    boolean whole = begun && (last == null || Duration.between(last, now).compareTo(WHOLE) >= 0);
    Catalog.Found found = catalog.read(lineage, whole ? Extent.WHOLE : Extent.INDEXED);
    begun = true;
    try {
      List<Index> standing = found.indexes();
      if (whole) {
        standing = trueOnes(found);
        listedWhole = now;
      }
      write(found.wal(), standing);
      failing = false;
    } catch (PgBackupException e) {
      if (!failing) {
        LOGGER
            .atWarn()
            .addKeyValue("reason", e.problem().message())
            .log("index of WAL not written: what it would speak of is listed each time");
      }
      failing = true;
    }
    return found.catalog();
  }

  private List<Index> trueOnes(Catalog.Found found) {
    List<Index> kept = new ArrayList<>();
    List<SegmentRange> there = found.wal().segments().ranges();
    for (Index index : found.indexes()) {
      if (index.range().without(there).isEmpty()) {
        kept.add(index);
      } else {
        takeBack(index.key());
      }
    }
    return kept;
  }

  private void takeBack(ObjectKey index) {
    LOGGER
        .atWarn()
        .addKeyValue("index", index)
        .log("index of WAL taken back: segments that it speaks of are gone");
    new SegmentIndexes(store).takeBack(index, clock.instant());
  }

  private void write(WalFolder wal, List<Index> standing) {
    Instant newest =
        wal.listed().stream()
            .map(WalFolder.Listed::newest)
            .max(Comparator.naturalOrder())
            .orElse(Instant.EPOCH);
    List<SegmentRange> known = standing.stream().map(Index::range).toList();
    wal.listed().stream()
        .flatMap(
            listed ->
                listed.range().without(known).stream()
                    .flatMap(row -> due(row, known, isSettled(listed, newest)).stream()))
        .limit(AT_ONCE)
        .forEach(this::write);
  }

  private boolean isSettled(WalFolder.Listed listed, Instant newest) {
    return listed.newest().plus(sizes.settled()).isBefore(newest);
  }

  /// @param settled whether nothing will be added to the row any more
  private List<SegmentRange> due(SegmentRange row, List<SegmentRange> known, boolean settled) {
    boolean goesOn = known.stream().anyMatch(next -> next.first().equals(row.next()));
    int closed = row.count() - (goesOn ? 0 : sizes.leftOpen());
    List<SegmentRange> due = new ArrayList<>();
    int from = 0;
    for (; closed - from >= sizes.segments(); from += sizes.segments()) {
      due.add(row.part(from, sizes.segments()));
    }
    if ((settled || goesOn) && closed - from >= sizes.shortest()) {
      due.add(row.part(from, closed - from));
    }
    return due;
  }

  /// Listed once more behind the write: whoever deletes looks for index objects when it is done, so
  /// one of the two sees the other.
  private void write(SegmentRange range) {
    ObjectKey key = SegmentIndexes.key(layout, range);
    String document =
        "{\"first\":\"%s\",\"last\":\"%s\",\"segments\":%d,\"listedAt\":\"%s\"}%n"
            .formatted(range.first(), range.last(), range.count(), clock.instant());
    store.create(key, document.getBytes(UTF_8), Map.of());
    if (!range.without(listed(range)).isEmpty()) {
      takeBack(key);
    }
  }

  private List<SegmentRange> listed(SegmentRange range) {
    String folder = layout.wal().path();
    String first = range.first().fileName();
    String behind = folder + range.next().fileName();
    SegmentSet.Builder found = new SegmentSet.Builder();
    try (Stream<StoredObject> objects =
        store.listAfter(folder, folder + first.substring(0, first.length() - 1))) {
      objects
          .takeWhile(object -> object.key().value().compareTo(behind) < 0)
          .flatMap(object -> WalListing.walObject(object).stream())
          .flatMap(
              object -> WalSegment.tryParse(object.name().text(), range.first().size()).stream())
          .forEach(found::add);
    }
    return found.build().ranges();
  }
}
