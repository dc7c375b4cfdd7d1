package io.pgbackup.catalog;

import io.pgbackup.catalog.WalListing.WalObject;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What lies in an archive's WAL folder, as one reading found it. Memory does not grow with the
/// number of segments, only with the gaps between them.
///
/// Where index objects stand, only what they do not speak of is listed, and before each row of them
/// the listing goes on to the first segment that is there: so it shows how far the row was deleted
/// from its old side. What an index says and a listing does not is not there.
final class WalFolder {
  /// Objects that were listed and are kept, for those who read the segments behind them: a run is
  /// read from its end.
  private static final int REMEMBERED = 4096;

  /// What a listing of this reading showed without a gap.
  ///
  /// @param newest by the store's clock, of its objects
  record Listed(SegmentRange range, Instant newest) {}

  private final ObjectStore store;
  private final ArchiveLayout layout;
  private final WalSegmentSize size;
  private final SegmentSet.Builder builder = new SegmentSet.Builder();
  private final TreeMap<String, WalObject> histories = new TreeMap<>();
  private final List<Listed> listed = new ArrayList<>();
  private final List<SegmentIndexes.Index> believed = new ArrayList<>();
  private final Map<String, WalObject> objects = new LinkedHashMap<>();
  private @Nullable SegmentSet segments;

  private WalFolder(ObjectStore store, ArchiveLayout layout, WalSegmentSize size) {
    this.store = store;
    this.layout = layout;
    this.size = size;
  }

  /// Every object, from a listing that was made already.
  static WalFolder of(
      ObjectStore store, ArchiveLayout layout, WalSegmentSize size, WalListing listing) {
    WalFolder folder = new WalFolder(store, layout, size);
    folder.histories.putAll(listing.histories());
    listing.segments().values().forEach(folder::add);
    return folder.built();
  }

  /// @param indexes to believe, by name; without any, everything is listed
  static WalFolder indexed(
      ObjectStore store,
      ArchiveLayout layout,
      WalSegmentSize size,
      List<SegmentIndexes.Index> indexes) {
    WalFolder folder = new WalFolder(store, layout, size);
    folder.read(indexes);
    return folder.built();
  }

  private WalFolder built() {
    segments = builder.build();
    return this;
  }

  SegmentSet segments() {
    return Objects.requireNonNull(segments);
  }

  /// By file name.
  NavigableMap<String, WalObject> histories() {
    return histories;
  }

  WalSegmentSize size() {
    return size;
  }

  List<Listed> listed() {
    return listed;
  }

  /// The object of a segment that is among [#segments].
  ///
  /// @throws IndexContradicted if an index said so, and it is not there
  WalObject object(WalSegment segment) {
    WalObject known = objects.get(segment.fileName());
    if (known != null) {
      return known;
    }
    String key = layout.wal().path() + segment.fileName();
    try (Stream<StoredObject> found = store.list(key)) {
      WalListing listing = WalListing.of(found);
      WalObject object = listing.segments().get(segment.fileName());
      if (object != null) {
        return object;
      }
    }
    throw indexOf(segment)
        .<RuntimeException>map(IndexContradicted::new)
        .orElseGet(
            () ->
                Problem.storageFailed(
                        key + " was listed and is gone",
                        "Something deletes while the archive is read; try again.")
                    .asException());
  }

  /// The index that alone says that a segment is there.
  Optional<SegmentIndexes.Index> indexOf(WalSegment segment) {
    return believed.stream().filter(index -> index.range().contains(segment)).findFirst();
  }

  /// A segment is not there although an index says so.
  static final class IndexContradicted extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient SegmentIndexes.Index index;

    IndexContradicted(SegmentIndexes.Index index) {
      super(index.key() + " speaks of segments that are not there");
      this.index = index;
    }

    SegmentIndexes.Index index() {
      return index;
    }
  }

  private void read(List<SegmentIndexes.Index> indexes) {
    try (Cursor cursor = new Cursor()) {
      @Nullable SegmentRange before = null;
      for (SegmentIndexes.Index index : indexes) {
        SegmentRange range = index.range();
        if (before != null && before.contains(range.last())) {
          continue;
        }
        if (before == null || !before.next().equals(range.first())) {
          before = null;
          WalObject floor = cursor.goTo(range.first().fileName());
          if (floor == null) {
            break;
          }
          Optional<SegmentRange> there = from(floor, range);
          if (there.isEmpty()) {
            continue;
          }
          range = there.get();
        }
        builder.add(range);
        believed.add(new SegmentIndexes.Index(index.key(), range));
        cursor.leap(range.last());
        before = range;
      }
      cursor.goTo(null);
    }
  }

  /// What is left of a row whose first segments may be gone.
  private Optional<SegmentRange> from(WalObject floor, SegmentRange range) {
    return WalSegment.tryParse(floor.name().text(), size)
        .filter(range::contains)
        .flatMap(first -> SegmentRange.between(first, range.last()));
  }

  private void add(WalObject found) {
    WalSegment.tryParse(found.name().text(), size)
        .ifPresent(
            segment -> {
              String name = found.name().text();
              WalObject standing = objects.get(name);
              objects.put(name, standing == null ? found : WalListing.preferred(standing, found));
              if (objects.size() > REMEMBERED) {
                objects.remove(objects.keySet().iterator().next());
              }
              builder.add(segment);
              note(segment, found.object().modified());
            });
  }

  private void note(WalSegment segment, Instant modified) {
    if (!listed.isEmpty()) {
      Listed open = listed.getLast();
      boolean follows = open.range().next().equals(segment);
      if (follows || open.range().contains(segment)) {
        SegmentRange range =
            follows
                ? new SegmentRange(open.range().first(), open.range().count() + 1)
                : open.range();
        Instant newest = modified.isAfter(open.newest()) ? modified : open.newest();
        listed.set(listed.size() - 1, new Listed(range, newest));
        return;
      }
    }
    listed.add(new Listed(new SegmentRange(segment, 1), modified));
  }

  /// Goes through the folder by name and leaves out what it is told to.
  private final class Cursor implements AutoCloseable {
    private String after = layout.wal().path();
    private @Nullable Stream<StoredObject> stream;
    private @Nullable Iterator<WalObject> objects;
    private @Nullable WalObject next;

    /// Adds everything before a name, or everything; the rest is listed when it is wanted.
    ///
    /// @return the first object that is not before it
    @Nullable WalObject goTo(@Nullable String name) {
      if (objects == null) {
        stream = store.listAfter(layout.wal().path(), after);
        objects =
            stream
                .flatMap(object -> WalListing.walObject(object).stream())
                .filter(this::counts)
                .iterator();
        advance();
      }
      while (next != null && (name == null || next.name().text().compareTo(name) < 0)) {
        if (next.name() instanceof WalFileName.History) {
          histories.merge(next.name().text(), next, WalListing::preferred);
        } else {
          add(next);
        }
        advance();
      }
      return next;
    }

    private boolean counts(WalObject object) {
      return switch (object.name()) {
        case WalFileName.History _ -> true;
        case WalFileName.Segment name -> WalSegment.tryParse(name.text(), size).isPresent();
        case WalFileName.Partial _, WalFileName.BackupHistory _ -> false;
      };
    }

    private void advance() {
      next = objects != null && objects.hasNext() ? objects.next() : null;
    }

    /// What has this segment's name is behind.
    void leap(WalSegment segment) {
      close();
      // '/' sorts behind the '.' of every ending, and before the next name
      after = layout.wal().path() + segment.fileName() + "/";
    }

    @Override
    public void close() {
      if (stream != null) {
        stream.close();
      }
      stream = null;
      objects = null;
      next = null;
    }
  }
}
