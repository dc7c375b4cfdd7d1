package io.pgbackup.cli.command;

import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.open.Stores;
import java.util.List;
import java.util.function.Predicate;

/// The store that the options name, read as far as a verb needs it.
///
/// @param template where lineages lie in it
record Archives(ObjectStore store, PrefixTemplate template) implements AutoCloseable {
  static Archives open(StorageConfig storage) {
    return new Archives(Stores.open(storage), new PrefixTemplate(storage.prefix()));
  }

  /// By cluster, then UID. Lineages that are not wanted are not read.
  List<LineageCatalog> read(Predicate<Lineage> wanted) {
    Catalog catalog = new Catalog(store);
    return catalog.lineages(template).stream().filter(wanted).map(catalog::read).toList();
  }

  @Override
  public void close() {
    store.close();
  }
}
