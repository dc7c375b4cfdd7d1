package io.pgbackup.retention;

import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.store.StoredObject;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/// The objects of the WAL folder that belong to a segment: the segment itself, what was `.partial`
/// of it, `.backup` files and WAL-G's delta files. History files and strangers are not among them,
/// so nothing ever deletes those. Pure.
final class ArchivedWal {
  private static final int SEGMENT_NAME = 24;

  /// @param segment that the object's name begins with
  record Item(WalSegment segment, StoredObject object) {}

  private final WalSegmentSize size;
  private final SortedMap<Timeline, List<Item>> byTimeline = new TreeMap<>();
  private final Set<WalSegment> whole = new HashSet<>();

  ArchivedWal(Collection<StoredObject> objects, WalSegmentSize size) {
    this.size = size;
    for (StoredObject object : objects) {
      String name = object.key().name();
      item(name, object)
          .ifPresent(
              item -> {
                byTimeline
                    .computeIfAbsent(item.segment().timeline(), _ -> new ArrayList<>())
                    .add(item);
                if (isWhole(name)) {
                  whole.add(item.segment());
                }
              });
    }
    byTimeline
        .values()
        .forEach(
            items ->
                items.sort(
                    Comparator.comparing(Item::segment)
                        .thenComparing(item -> item.object().key())));
  }

  private Optional<Item> item(String name, StoredObject object) {
    return name.length() < SEGMENT_NAME
        ? Optional.empty()
        : WalSegment.tryParse(name.substring(0, SEGMENT_NAME), size)
            .map(segment -> new Item(segment, object));
  }

  private static boolean isWhole(String name) {
    for (Codec codec : Codec.values()) {
      if (name.length() == SEGMENT_NAME + codec.extension().length()
          && name.endsWith(codec.extension())) {
        return true;
      }
    }
    return false;
  }

  Set<Timeline> timelines() {
    return byTimeline.keySet();
  }

  /// In order of position.
  List<Item> on(Timeline timeline) {
    return byTimeline.getOrDefault(timeline, List.of());
  }

  /// The first segment that a backup needs to become consistent and that is not there.
  Optional<WalSegment> missing(BaseBackup backup) {
    WalSegment segment = WalSegment.containing(backup.timeline(), backup.startLsn(), size);
    while (segment.start().isBefore(backup.finishLsn())) {
      if (!whole.contains(segment)) {
        return Optional.of(segment);
      }
      segment = segment.next();
    }
    return Optional.empty();
  }

  WalSegmentSize segmentSize() {
    return size;
  }
}
