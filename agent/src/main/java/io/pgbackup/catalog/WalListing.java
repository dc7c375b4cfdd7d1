package io.pgbackup.catalog;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/// What one LIST of `wal_005/` shows: the segments and history files that can be read, by name.
record WalListing(TreeMap<String, WalObject> segments, TreeMap<String, WalObject> histories) {

  /// @param codec told by the object's name
  record WalObject(WalFileName name, StoredObject object, Codec codec) {
    Packing packing(ObjectCipher cipher) {
      return new Packing(codec, cipher);
    }
  }

  static WalListing of(ObjectStore store, ArchiveLayout layout) {
    try (Stream<StoredObject> objects = store.list(layout.wal().path())) {
      return of(objects);
    }
  }

  static WalListing of(Stream<StoredObject> objects) {
    WalListing listing = new WalListing(new TreeMap<>(), new TreeMap<>());
    objects.flatMap(object -> walObject(object).stream()).forEach(listing::add);
    return listing;
  }

  private void add(WalObject found) {
    switch (found.name()) {
      case WalFileName.Segment name -> segments.merge(name.text(), found, WalListing::preferred);
      case WalFileName.History name -> histories.merge(name.text(), found, WalListing::preferred);
      case WalFileName.Partial _, WalFileName.BackupHistory _ -> {
        // nothing is restored from these
      }
    }
  }

  /// Where one file lies there under two codecs, WAL-G takes lz4 before zstd before none.
  static WalObject preferred(WalObject left, WalObject right) {
    return left.codec().compareTo(right.codec()) <= 0 ? left : right;
  }

  static Optional<WalObject> walObject(StoredObject object) {
    String name = object.key().name();
    for (Codec codec : Codec.values()) {
      if (name.endsWith(codec.extension())) {
        Optional<WalFileName> file =
            WalFileName.tryParse(name.substring(0, name.length() - codec.extension().length()));
        if (file.isPresent()) {
          return Optional.of(new WalObject(file.get(), object, codec));
        }
      }
    }
    return Optional.empty();
  }
}
