package io.pgbackup.verify;

import io.pgbackup.engine.format.Codec;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoredObject;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/// The objects that hold whole segments, by segment. Immutable.
record WalObjects(WalSegmentSize size, SortedMap<WalSegment, List<WalObject>> objects) {
  private static final int NAME = 24;
  private static final String LZO = ".lzo";

  /// @param codec nothing where pgbackup cannot read it
  record WalObject(ObjectKey key, Optional<Codec> codec) {}

  WalObjects {
    objects = Collections.unmodifiableSortedMap(new TreeMap<>(objects));
  }

  /// @param listed everything in the WAL folder
  static WalObjects of(Collection<StoredObject> listed, WalSegmentSize size) {
    SortedMap<WalSegment, List<WalObject>> objects = new TreeMap<>();
    for (StoredObject object : listed) {
      String name = object.key().name();
      String extension = name.substring(Math.min(NAME, name.length()));
      Optional<Codec> codec = Codec.byExtension(extension);
      if (codec.isPresent() || extension.equals(LZO)) {
        WalSegment.tryParse(name.substring(0, Math.min(NAME, name.length())), size)
            .ifPresent(
                segment ->
                    objects
                        .computeIfAbsent(segment, _ -> new ArrayList<>())
                        .add(new WalObject(object.key(), codec)));
      }
    }
    objects
        .values()
        .forEach(
            same ->
                same.sort(
                    Comparator.comparing(
                        object -> object.codec().map(Codec::ordinal).orElse(Integer.MAX_VALUE))));
    return new WalObjects(size, objects);
  }

  boolean has(WalSegment segment) {
    return objects.containsKey(segment);
  }

  /// In the order in which WAL-G looks for them.
  List<WalObject> of(WalSegment segment) {
    return objects.getOrDefault(segment, List.of());
  }

  Collection<WalSegment> segments() {
    return objects.keySet();
  }
}
