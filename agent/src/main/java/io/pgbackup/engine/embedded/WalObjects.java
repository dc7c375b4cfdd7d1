package io.pgbackup.engine.embedded;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// Finds the objects that hold one WAL file: its exact name with a codec's extension. What merely
/// begins like it (`.partial`, `.backup`, `_delta`, `.json`) is another file.
final class WalObjects {
  /// WAL-E's. WAL-G reads it where it was built to, and never writes it.
  private static final Set<String> OTHER_EXTENSIONS = Set.of(".lzo");

  private final ObjectStore store;
  private final ArchiveLayout layout;

  WalObjects(ObjectStore store, ArchiveLayout layout) {
    this.store = store;
    this.layout = layout;
  }

  /// @param codec nothing where the object cannot be read
  record WalObject(StoredObject object, Optional<Codec> codec) {}

  /// One LIST with the file's name as prefix; what can be read comes first.
  List<WalObject> find(WalFileName name) {
    String prefix = layout.wal().key(name.text()).value();
    try (Stream<StoredObject> listing = store.list(prefix)) {
      return listing
          .flatMap(object -> asWalObject(object, prefix).stream())
          .sorted(
              Comparator.comparing(
                  found -> found.codec().map(Codec::ordinal).orElse(Integer.MAX_VALUE)))
          .toList();
    }
  }

  private static Optional<WalObject> asWalObject(StoredObject object, String prefix) {
    String extension = object.key().value().substring(prefix.length());
    Optional<Codec> codec = Codec.byExtension(extension);
    return codec.isPresent() || OTHER_EXTENSIONS.contains(extension)
        ? Optional.of(new WalObject(object, codec))
        : Optional.empty();
  }
}
