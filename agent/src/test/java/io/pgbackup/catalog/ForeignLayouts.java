package io.pgbackup.catalog;

import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.MemoryObjectStore;
import java.util.Map;

/// Puts objects where other tools put theirs; only the names count.
final class ForeignLayouts {
  static final String BACKUP = "base_000000010000000000000002";

  private final MemoryObjectStore store;

  ForeignLayouts(MemoryObjectStore store) {
    this.store = store;
  }

  void put(String key) {
    var _ = store.create(new ObjectKey(key), new byte[0], Map.of());
  }

  void walG(String folder) {
    walG(StoreFolder.of(folder));
  }

  void walG(StoreFolder folder) {
    put(folder.path() + "basebackups_005/" + BACKUP + "/tar_partitions/part_001.tar.lz4");
    put(folder.path() + "basebackups_005/" + BACKUP + "_backup_stop_sentinel.json");
    put(folder.path() + "wal_005/000000010000000000000002.lz4");
  }

  void walE(StoreFolder folder) {
    String backup = folder.path() + "basebackups_005/" + BACKUP + "_00000040";
    put(backup + "/tar_partitions/part_00000000.tar.lzo");
    put(backup + "/extended_version.txt");
    put(backup + "_backup_stop_sentinel.json");
    put(folder.path() + "wal_005/000000010000000000000002.lzo");
  }

  /// What WAL-G keeps of MySQL, and of SQL Server.
  void otherDatabases(StoreFolder folder) {
    put(folder.path() + "basebackups_005/stream_20260820T120000Z/stream.br");
    put(folder.path() + "basebackups_005/stream_20260820T120000Z_backup_stop_sentinel.json");
    put(folder.path() + "basebackups_005/base_20260820T120000Z_backup_stop_sentinel.json");
    put(folder.path() + "basebackups_005/base_20260820T120000Z/shop/blob");
    put(folder.path() + "wal_005/wal_20260820T120000Z/shop/blob");
    put(folder.path() + "binlog_005/mysql-bin.000001.br");
  }
}
