package io.pgbackup.engine.walg;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// Asks the store itself whether it holds a WAL file, under whatever codec.
record WalPresence(ObjectStore store, ArchiveLayout layout) {
  /// WAL-E's, which a WAL-G that was built to reads.
  private static final Set<String> OTHER_EXTENSIONS = Set.of(".lzo");

  /// One object of the file.
  ///
  /// @param codec nothing where we cannot read it
  record Standing(ObjectKey key, Optional<Codec> codec) {}

  /// One LIST with the file's name as prefix; an empty object is none.
  boolean of(WalFileName name) {
    return !all(name).isEmpty();
  }

  /// As [#of], all that there are.
  List<Standing> all(WalFileName name) {
    String prefix = layout.wal().key(name.text()).value();
    try (Stream<StoredObject> listing = store.list(prefix)) {
      return listing
          .filter(object -> object.size() > 0)
          .flatMap(object -> standing(object.key(), prefix).stream())
          .toList();
    }
  }

  private static Optional<Standing> standing(ObjectKey key, String prefix) {
    String extension = key.value().substring(prefix.length());
    Optional<Codec> codec = Codec.byExtension(extension);
    return codec.isPresent() || OTHER_EXTENSIONS.contains(extension)
        ? Optional.of(new Standing(key, codec))
        : Optional.empty();
  }
}
