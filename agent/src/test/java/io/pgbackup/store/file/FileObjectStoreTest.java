package io.pgbackup.store.file;

import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.ObjectStoreContract;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class FileObjectStoreTest extends ObjectStoreContract {
  @TempDir Path directory;

  @Override
  protected ObjectStore store() {
    return FileObjectStore.open(directory);
  }
}
