package io.pgbackup.doctor;

import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.open.Stores;
import io.pgbackup.store.probe.BareStore;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// What was opened on the way, closed in the end whatever happened.
final class Opened implements AutoCloseable {
  private final Deque<Runnable> closers = new ArrayDeque<>();
  private @Nullable ObjectStore archive;

  synchronized ObjectStore add(ObjectStore store) {
    closers.push(store::close);
    return store;
  }

  /// The store as everything else uses it; opened once.
  synchronized ObjectStore archive(StorageConfig storage) {
    if (archive == null) {
      archive = add(Stores.open(storage));
    }
    return archive;
  }

  synchronized BareStore add(BareStore store) {
    closers.push(store::close);
    return store;
  }

  @Override
  public synchronized void close() {
    closers.forEach(Runnable::run);
  }
}
