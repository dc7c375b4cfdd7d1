package io.pgbackup.catalog;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// What lies in a folder, told by names alone: WAL-G keeps MySQL, MongoDB and other databases under
/// `basebackups_005/` too, and SQL Server also under `wal_005/`.
enum ArchiveKind {
  /// WAL-G's form, which ours is.
  WAL_G,
  /// Its predecessor's: base backups are called `base_<segment>_<offset>`, objects are `.lzo`.
  WAL_E,
  NONE;

  private static final String LZO = ".lzo";
  private static final int ONE_PAGE = 1000;

  /// Costs one LIST for each thousand base backups, and one more where none of them tells.
  ///
  /// @param inside the folders in it
  static ArchiveKind of(ObjectStore store, StoreFolder folder, List<StoreFolder> inside) {
    ArchiveLayout layout = new ArchiveLayout(folder);
    List<BackupName> backups =
        inside.contains(layout.baseBackups())
            ? store.folders(layout.baseBackups()).stream()
                .flatMap(backup -> BackupName.tryParse(backup.name()).stream())
                .toList()
            : List.of();
    if (backups.stream().anyMatch(backup -> !isWalE(backup))) {
      return WAL_G;
    }
    ArchiveKind wal = inside.contains(layout.wal()) ? ofWal(store, layout) : NONE;
    return backups.isEmpty() ? wal : WAL_E;
  }

  /// WAL-G leaves the offset out since its version 0.2.
  private static boolean isWalE(BackupName name) {
    return !name.isDelta() && name.value().indexOf('_', "base_".length()) >= 0;
  }

  private static ArchiveKind ofWal(ObjectStore store, ArchiveLayout layout) {
    try (Stream<StoredObject> objects = store.list(layout.wal().path())) {
      List<String> extensions =
          objects
              .limit(ONE_PAGE)
              .flatMap(object -> extension(object.key().name()).stream())
              .toList();
      if (extensions.isEmpty()) {
        return NONE;
      }
      return extensions.stream().allMatch(LZO::equals) ? WAL_E : WAL_G;
    }
  }

  /// What stands behind the name of a WAL file.
  private static Optional<String> extension(String objectName) {
    if (WalFileName.tryParse(objectName).isPresent()) {
      return Optional.of("");
    }
    int dot = objectName.lastIndexOf('.');
    return dot > 0 && WalFileName.tryParse(objectName.substring(0, dot)).isPresent()
        ? Optional.of(objectName.substring(dot))
        : Optional.empty();
  }
}
