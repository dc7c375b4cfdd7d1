package io.pgbackup.catalog;

import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Says what lies in a folder that was named as an archive's and holds none.
record Absence(ObjectStore store, LineageFinder finder) {
  private static final int MOST = 5;

  Problem explain(StoreFolder folder) {
    String message = "no archive lies in " + place(folder);
    List<String> archives =
        finder.below(folder).lineages().stream()
            .map(lineage -> lineage.prefix().path().replaceAll("/$", ""))
            .toList();
    if (!archives.isEmpty()) {
      return Problem.notFound(
          message, "Below it are " + some(archives) + ": give one of them as --prefix.");
    }
    List<String> entries = entries(folder);
    if (!entries.isEmpty()) {
      return Problem.notFound(
          message, "It holds " + some(entries) + ". 'pgbackup clusters' lists every archive.");
    }
    StoreFolder above = folder;
    do {
      if (above.equals(StoreFolder.ROOT)) {
        return Problem.notFound(message, store.url() + " is empty. Check --store.");
      }
      above = parent(above);
      entries = entries(above);
    } while (entries.isEmpty());
    return Problem.notFound(
        message,
        "There is no such folder; %s holds %s. 'pgbackup clusters' lists every archive."
            .formatted(place(above), some(entries)));
  }

  private List<String> entries(StoreFolder folder) {
    Stream<String> folders =
        store.folders(folder, 1).folders().stream().map(child -> child.name() + "/");
    try (Stream<StoredObject> objects = store.list(folder.path())) {
      List<String> files =
          objects
              .limit(1000)
              .map(object -> object.key().value().substring(folder.path().length()))
              .filter(name -> !name.contains("/"))
              .limit(MOST + 1)
              .toList();
      return Stream.concat(folders, files.stream()).toList();
    }
  }

  private static String some(List<String> names) {
    String shown = names.stream().limit(MOST).collect(Collectors.joining(", "));
    return names.size() > MOST ? shown + " and more" : shown;
  }

  private String place(StoreFolder folder) {
    return store.url().replaceAll("/+$", "") + "/" + folder.path();
  }

  private static StoreFolder parent(StoreFolder folder) {
    String path = folder.path().substring(0, folder.path().length() - 1);
    return StoreFolder.of(path.substring(0, path.lastIndexOf('/') + 1));
  }
}
