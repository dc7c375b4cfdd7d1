package io.pgbackup.stream;

import io.pgbackup.archive.WalArchiver;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.engine.tail.Piece;
import io.pgbackup.engine.tail.Pieces;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// The archive of one lineage as a stream sees it. Whole segments take the way of those that
/// PostgreSQL sends: through the fence, create-only, confirmed. Thread-safe.
public final class StreamArchive implements StreamSink {
  private static final int NAME = 24;

  private final ObjectStore store;
  private final ArchiveLayout layout;
  private final LineageUid uid;
  private final WalArchiver archiver;
  private final Pieces pieces;
  private final Packing packing;

  /// @param packing of the pieces
  public StreamArchive(
      ObjectStore store,
      ArchiveLayout layout,
      LineageUid uid,
      WalArchiver archiver,
      Packing packing) {
    this.store = store;
    this.layout = layout;
    this.uid = uid;
    this.archiver = archiver;
    this.pieces = new Pieces(store, layout, packing.cipher());
    this.packing = packing;
  }

  @Override
  public void whole(WalSegment segment, byte[] content) {
    archiver.push(new WalFileName.Segment(segment.fileName()), content, Optional.of(uid));
  }

  @Override
  public void piece(Piece piece, byte[] content) {
    pieces.put(piece, content, packing);
  }

  void history(WalFileName.History name, byte[] content) {
    archiver.push(name, content, Optional.of(uid));
  }

  /// The segment that follows the newest one that recovery along a path reads; nothing where the
  /// archive has none on it. Lists one timeline, mostly.
  Optional<WalSegment> behindHead(TimelineHistory path, WalSegmentSize size) {
    return newestFirst(path).stream()
        .flatMap(timeline -> head(timeline, path, size).stream())
        .findFirst()
        .map(head -> SlotNeed.onPath(path, head.next()));
  }

  /// The segments from this one on that are there as a whole, of every timeline that the path runs
  /// over. Asks for the names of these alone: a LIST for each thousand of them.
  Set<WalSegment> heldFrom(WalSegment first, TimelineHistory path) {
    Set<WalSegment> held = new HashSet<>();
    for (Timeline timeline : newestFirst(path)) {
      if (timeline.compareTo(first.timeline()) >= 0) {
        // that one is left out by its position: an uncompressed object has the segment's very name
        WalSegment before = first.on(timeline).previous();
        try (Stream<StoredObject> objects =
            store.listAfter(key(timeline.toHex()), key(before.fileName()))) {
          objects
              .flatMap(object -> segment(object.key().name(), first.size()).stream())
              .filter(segment -> !segment.start().isBefore(first.start()))
              .forEach(held::add);
        }
      }
    }
    return held;
  }

  /// Whether the beginning of a segment is there in pieces.
  boolean inPieces(WalSegment segment) {
    return !pieces.chain(segment).isEmpty();
  }

  private static List<Timeline> newestFirst(TimelineHistory path) {
    List<Timeline> timelines = new ArrayList<>();
    timelines.add(path.timeline());
    path.ancestors().reversed().forEach(ancestor -> timelines.add(ancestor.timeline()));
    return timelines;
  }

  private String key(String name) {
    return layout.wal().key(name).value();
  }

  private Optional<WalSegment> head(Timeline timeline, TimelineHistory path, WalSegmentSize size) {
    try (Stream<StoredObject> objects = store.list(key(timeline.toHex()))) {
      return objects
          .flatMap(object -> segment(object.key().name(), size).stream())
          .filter(segment -> segment.equals(SlotNeed.onPath(path, segment)))
          .max(Comparator.naturalOrder());
    }
  }

  private static Optional<WalSegment> segment(String object, WalSegmentSize size) {
    return object.length() >= NAME && Codec.byExtension(object.substring(NAME)).isPresent()
        ? WalSegment.tryParse(object.substring(0, NAME), size)
        : Optional.empty();
  }
}
