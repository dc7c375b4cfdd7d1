package io.pgbackup.store.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.ObjectStoreContract;
import io.pgbackup.store.StoredObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/// The contract of every store, kept by a directory.
class FileObjectStoreTest extends ObjectStoreContract {
  @TempDir Path directory;
  private ObjectStore store;

  @BeforeEach
  void open() {
    store = FileObjectStore.open(directory);
  }

  @Override
  protected ObjectStore store() {
    return store;
  }

  @Override
  protected void assertHoldsOnly(ObjectKey... keys) {
    assertThat(store.list("").map(StoredObject::key)).containsExactlyInAnyOrder(keys);
    assertThat(otherFiles()).isEmpty();
  }

  private List<Path> otherFiles() {
    List<Path> known =
        store.list("").map(object -> directory.resolve(object.key().value())).toList();
    try (Stream<Path> files = Files.walk(directory)) {
      return files
          .filter(Files::isRegularFile)
          .filter(file -> !known.contains(file) && !belongsTo(known, file))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean belongsTo(List<Path> objects, Path file) {
    String name = file.getFileName().toString();
    return file.toString().contains("/.metadata/")
        && objects.stream().anyMatch(object -> name.equals(object.getFileName() + ".json"));
  }
}
