package io.pgbackup.catalog;

import io.pgbackup.store.StoredObject;
import java.util.LinkedHashMap;
import java.util.Optional;

/// What was read from objects, kept as long as they have the same version; the least recently used
/// go first. Thread-safe.
final class VersionedCache<V> {
  private static final int ENTRIES = 4096;

  private final int most;
  private final LinkedHashMap<String, V> entries = new LinkedHashMap<>(16, 0.75f, true);

  VersionedCache() {
    this(ENTRIES);
  }

  /// @param most more than are read in one round, or each round reads all of them again
  VersionedCache(int most) {
    this.most = most;
  }

  synchronized Optional<V> find(StoredObject object) {
    return Optional.ofNullable(entries.get(key(object)));
  }

  synchronized void put(StoredObject object, V value) {
    entries.put(key(object), value);
    if (entries.size() > most) {
      entries.pollFirstEntry();
    }
  }

  private static String key(StoredObject object) {
    return object.version() + " " + object.key();
  }
}
