package io.pgbackup.engine.walg;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.util.Set;
import java.util.stream.Stream;

/// Asks the store itself whether it holds a WAL file, under whatever codec.
record WalPresence(ObjectStore store, ArchiveLayout layout) {
  private static final Set<String> FURTHER_EXTENSIONS = Set.of(".br", ".lzma", ".gz", ".lzo");

  /// One LIST with the file's name as prefix; an empty object is none.
  boolean of(WalFileName name) {
    String prefix = layout.wal().key(name.text()).value();
    try (Stream<StoredObject> listing = store.list(prefix)) {
      return listing
          .filter(object -> object.size() > 0)
          .map(object -> object.key().value().substring(prefix.length()))
          .anyMatch(
              extension ->
                  Codec.byExtension(extension).isPresent()
                      || FURTHER_EXTENSIONS.contains(extension));
    }
  }
}
