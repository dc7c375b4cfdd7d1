package io.pgbackup.retention;

import io.pgbackup.catalog.ArchiveSurvey;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/// Pieces of segments that were streamed and are whole by now: nobody reads them any more. Whoever
/// stores them may not delete.
final class StreamedLeftovers {
  private static final int SEGMENT_NAME = 24;

  private StreamedLeftovers() {}

  /// @return those that lie beside a whole segment of the survey
  static List<ObjectKey> in(ObjectStore store, ArchiveSurvey survey) {
    ArchiveLayout layout = survey.layout();
    try (Stream<StoredObject> objects = store.list(layout.streamed().path())) {
      return of(layout, wholeIn(survey.wal()), objects.map(StoredObject::key).toList());
    }
  }

  private static Set<String> wholeIn(Collection<StoredObject> wal) {
    Set<String> names = new HashSet<>();
    for (StoredObject object : wal) {
      String name = object.key().name();
      if (name.length() >= SEGMENT_NAME
          && Codec.byExtension(name.substring(SEGMENT_NAME)).isPresent()) {
        names.add(name.substring(0, SEGMENT_NAME));
      }
    }
    return names;
  }

  static List<ObjectKey> of(ArchiveLayout layout, Set<String> whole, List<ObjectKey> pieces) {
    int folder = layout.streamed().path().length();
    return pieces.stream()
        .filter(
            key -> {
              String[] parts = key.value().substring(folder).split("/", -1);
              return parts.length == 2 && whole.contains(parts[0]);
            })
        .toList();
  }
}
