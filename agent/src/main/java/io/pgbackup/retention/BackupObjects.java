package io.pgbackup.retention;

import io.pgbackup.catalog.ArchiveSurvey;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.store.StoredObject;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Which object belongs to which base backup. What lies there under any other name is nobody's, and
/// never deleted. Pure.
record BackupObjects(
    Map<BackupName, StoredObject> sentinels, TreeMap<BackupName, List<StoredObject>> others) {
  private static final String MANIFEST = ".json.zst";

  static BackupObjects of(ArchiveSurvey survey) {
    ArchiveLayout layout = survey.layout();
    BackupObjects found = new BackupObjects(new HashMap<>(), new TreeMap<>());
    String folder = layout.baseBackups().path();
    for (StoredObject object : survey.backupObjects()) {
      String rest = object.key().value().substring(folder.length());
      int slash = rest.indexOf('/');
      if (slash > 0) {
        BackupName.tryParse(rest.substring(0, slash)).ifPresent(name -> found.add(name, object));
      } else {
        layout.backupOf(object.key()).ifPresent(name -> found.sentinels.put(name, object));
      }
    }
    for (StoredObject manifest : survey.manifests()) {
      manifestOf(manifest).ifPresent(name -> found.add(name, manifest));
    }
    return found;
  }

  private static Optional<BackupName> manifestOf(StoredObject object) {
    String name = object.key().name();
    return name.endsWith(MANIFEST)
        ? BackupName.tryParse(name.substring(0, name.length() - MANIFEST.length()))
        : Optional.empty();
  }

  private void add(BackupName name, StoredObject object) {
    others.computeIfAbsent(name, _ -> new ArrayList<>()).add(object);
  }

  List<StoredObject> of(BackupName name) {
    return others.getOrDefault(name, List.of());
  }

  /// Folders and manifests without a sentinel.
  Collection<BackupName> unfinished() {
    return others.keySet().stream().filter(name -> !sentinels.containsKey(name)).toList();
  }
}
