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
import java.util.List;
import java.util.Optional;
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
    List<Timeline> newestFirst = new ArrayList<>();
    newestFirst.add(path.timeline());
    path.ancestors().reversed().forEach(ancestor -> newestFirst.add(ancestor.timeline()));
    return newestFirst.stream()
        .flatMap(timeline -> head(timeline, path, size).stream())
        .findFirst()
        .map(head -> StreamStart.onPath(path, head.next()));
  }

  private Optional<WalSegment> head(Timeline timeline, TimelineHistory path, WalSegmentSize size) {
    try (Stream<StoredObject> objects = store.list(layout.wal().key(timeline.toHex()).value())) {
      return objects
          .flatMap(object -> segment(object.key().name(), size).stream())
          .filter(segment -> segment.equals(StreamStart.onPath(path, segment)))
          .max(Comparator.naturalOrder());
    }
  }

  private static Optional<WalSegment> segment(String object, WalSegmentSize size) {
    return object.length() >= NAME && Codec.byExtension(object.substring(NAME)).isPresent()
        ? WalSegment.tryParse(object.substring(0, NAME), size)
        : Optional.empty();
  }
}
