package io.pgbackup.catalog;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/// The index objects of an archive, `pgbackup/index/<timeline>/<first>-<last>.json`: each says that
/// a listing once showed every segment from the first to the last. So that nobody lists them again;
/// the name says it all. A mark `<first>-<last>.void` beside it takes that back.
///
/// Thread-safe.
public final class SegmentIndexes {
  private static final String INDEX = ".json";
  private static final String VOID = ".void";
  private static final int NAME = 24;

  private final ObjectStore store;

  public SegmentIndexes(ObjectStore store) {
    this.store = store;
  }

  /// An index that stands.
  record Index(ObjectKey key, SegmentRange range) {}

  static ObjectKey key(ArchiveLayout layout, SegmentRange range) {
    return layout
        .index()
        .folder(range.first().timeline().toHex())
        .key(range.first().fileName() + "-" + range.last().fileName() + INDEX);
  }

  /// From now on nobody believes an index; nothing where this is no index.
  public void takeBack(ObjectKey index, Instant now) {
    if (index.name().endsWith(INDEX)) {
      store.create(voidMark(index), "{\"at\":\"%s\"}%n".formatted(now).getBytes(UTF_8), Map.of());
    }
  }

  static ObjectKey voidMark(ObjectKey index) {
    return new ObjectKey(
        index.value().substring(0, index.value().length() - INDEX.length()) + VOID);
  }

  /// Those that nobody took back, by name: one LIST for each thousand of them.
  List<Index> standing(ArchiveLayout layout, WalSegmentSize size) {
    List<Index> found = new ArrayList<>();
    Set<ObjectKey> taken = new HashSet<>();
    try (Stream<StoredObject> objects = store.list(layout.index().path())) {
      objects
          .map(StoredObject::key)
          .forEach(
              key -> {
                if (key.name().endsWith(VOID)) {
                  taken.add(key);
                } else {
                  range(key, size).ifPresent(range -> found.add(new Index(key, range)));
                }
              });
    }
    return found.stream()
        .filter(index -> !taken.contains(voidMark(index.key())))
        .sorted(Comparator.comparing(index -> index.range().first(), SegmentRange.BY_NAME))
        .toList();
  }

  private static Optional<SegmentRange> range(ObjectKey key, WalSegmentSize size) {
    String name = key.name();
    return spans(name) && name.endsWith(INDEX)
        ? WalSegment.tryParse(name.substring(0, NAME), size)
            .flatMap(
                first ->
                    WalSegment.tryParse(name.substring(NAME + 1, 2 * NAME + 1), size)
                        .flatMap(last -> SegmentRange.between(first, last)))
        : Optional.empty();
  }

  private static boolean spans(String name) {
    return name.length() > 2 * NAME + 1
        && name.charAt(NAME) == '-'
        && WalSegment.isSegmentName(name.substring(0, NAME))
        && WalSegment.isSegmentName(name.substring(NAME + 1, 2 * NAME + 1));
  }

  /// The index objects, and marks, that speak of any of these segments: whoever deletes a segment
  /// deletes them first, and once more when it is done.
  ///
  /// @param segments objects of the WAL folder
  public List<ObjectKey> about(ArchiveLayout layout, Collection<ObjectKey> segments) {
    NavigableSet<String> names = new TreeSet<>();
    segments.stream()
        .map(ObjectKey::name)
        .filter(name -> name.length() >= NAME)
        .map(name -> name.substring(0, NAME))
        .forEach(names::add);
    try (Stream<StoredObject> objects = store.list(layout.index().path())) {
      return objects
          .map(StoredObject::key)
          .filter(key -> spans(key.name()) && isAboutAny(key.name(), names))
          .toList();
    }
  }

  private static boolean isAboutAny(String indexName, NavigableSet<String> segments) {
    String first = segments.ceiling(indexName.substring(0, NAME));
    return first != null && first.compareTo(indexName.substring(NAME + 1, 2 * NAME + 1)) <= 0;
  }
}
