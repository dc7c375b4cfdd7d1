package io.pgbackup.retention;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// The small documents of one folder.
record Documents(ObjectStore store) {
  private static final int GREATEST = 1 << 20;

  /// In the order of their names.
  List<ObjectKey> in(StoreFolder folder) {
    try (Stream<StoredObject> objects = store.list(folder.path())) {
      return objects
          .map(StoredObject::key)
          .filter(key -> key.name().endsWith(".json"))
          .sorted()
          .toList();
    }
  }

  /// @return nothing where it is gone by now
  Optional<byte[]> read(ObjectKey key) {
    try (InputStream in = store.open(key)) {
      return Optional.of(in.readNBytes(GREATEST));
    } catch (PgBackupException e) {
      if (e.problem() instanceof Problem.NotFound) {
        return Optional.empty();
      }
      throw e;
    } catch (IOException e) {
      throw Problem.readingBrokeOff(key, e);
    }
  }
}
