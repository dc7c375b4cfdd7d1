package io.pgbackup.engine.walg;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/// Which base backups an archive holds at one moment.
///
/// @param whole whose sentinel stands
/// @param folders that hold something, with a sentinel or without
record StandingBackups(Set<BackupName> whole, Set<BackupName> folders) {
  static StandingBackups list(ObjectStore store, ArchiveLayout layout) {
    Set<BackupName> folders = new HashSet<>();
    store
        .folders(layout.baseBackups())
        .forEach(folder -> BackupName.tryParse(folder.name()).ifPresent(folders::add));
    Set<BackupName> whole = new HashSet<>();
    try (Stream<StoredObject> listing = store.objects(layout.baseBackups(), "base_")) {
      listing.forEach(object -> layout.backupOf(object.key()).ifPresent(whole::add));
    }
    return new StandingBackups(Set.copyOf(whole), Set.copyOf(folders));
  }

  /// Whole backups that were not there before.
  Set<BackupName> newSince(StandingBackups before) {
    return difference(whole, before.whole);
  }

  /// What a run began and did not finish.
  Set<BackupName> leftoversSince(StandingBackups before) {
    return difference(difference(folders, before.folders), whole);
  }

  private static Set<BackupName> difference(Set<BackupName> from, Set<BackupName> less) {
    Set<BackupName> rest = new TreeSet<>(from);
    rest.removeAll(less);
    return rest;
  }
}
