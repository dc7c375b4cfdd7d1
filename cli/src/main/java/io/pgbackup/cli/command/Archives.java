package io.pgbackup.cli.command;

import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.encryption.Encryption;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.open.Stores;
import java.util.List;
import java.util.function.Predicate;

/// The store that the options name, read as far as a verb needs it.
///
/// @param cipher with the keys to read with
/// @param template where lineages lie in it
record Archives(ObjectStore store, ObjectCipher cipher, PrefixTemplate template)
    implements AutoCloseable {
  static Archives open(Configuration configuration) {
    StorageConfig storage = configuration.storage();
    ObjectCipher cipher = Encryption.open(configuration.encryption());
    return new Archives(Stores.open(storage), cipher, new PrefixTemplate(storage.prefix()));
  }

  /// By cluster, then UID. Lineages that are not wanted are not read.
  List<LineageCatalog> read(Predicate<Lineage> wanted) {
    Catalog catalog = new Catalog(store, cipher);
    return catalog.lineages(template).stream().filter(wanted).map(catalog::read).toList();
  }

  @Override
  public void close() {
    store.close();
  }
}
