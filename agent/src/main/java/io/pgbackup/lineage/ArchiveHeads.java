package io.pgbackup.lineage;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/// The newest segment on each timeline of one archive, from one listing.
final class ArchiveHeads {
  private static final int NAME_LENGTH = 24;

  private final TreeMap<Timeline, WalSegment> heads = new TreeMap<>();

  static ArchiveHeads list(ObjectStore store, ArchiveLayout layout, WalSegmentSize size) {
    ArchiveHeads heads = new ArchiveHeads();
    try (Stream<StoredObject> listing = store.list(layout.wal().path())) {
      listing
          .map(object -> object.key().name())
          .flatMap(name -> segment(name, size).stream())
          .forEach(heads::raise);
    }
    return heads;
  }

  /// @param objectName a segment's name and perhaps one extension; `.partial` is no whole segment
  private static Optional<WalSegment> segment(String objectName, WalSegmentSize size) {
    if (objectName.length() < NAME_LENGTH || objectName.startsWith(".partial", NAME_LENGTH)) {
      return Optional.empty();
    }
    String extension = objectName.substring(NAME_LENGTH);
    String name = objectName.substring(0, NAME_LENGTH);
    boolean oneExtension = extension.isEmpty() || extension.lastIndexOf('.') == 0;
    return oneExtension && !extension.equals(".json")
        ? WalSegment.tryParse(name, size)
        : Optional.empty();
  }

  void raise(WalSegment segment) {
    heads.merge(
        segment.timeline(), segment, (old, other) -> old.compareTo(other) < 0 ? other : old);
  }

  Optional<WalSegment> on(Timeline timeline) {
    return Optional.ofNullable(heads.get(timeline));
  }

  /// The head of the newest timeline.
  Optional<WalSegment> newest() {
    return Optional.ofNullable(heads.lastEntry()).map(entry -> entry.getValue());
  }
}
