package io.pgbackup.doctor;

import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.probe.BareStore;
import java.util.ArrayDeque;
import java.util.Deque;

/// What was opened on the way, closed in the end whatever happened. Belongs to one thread.
final class Opened implements AutoCloseable {
  private final Deque<Runnable> closers = new ArrayDeque<>();

  ObjectStore add(ObjectStore store) {
    closers.push(store::close);
    return store;
  }

  BareStore add(BareStore store) {
    closers.push(store::close);
    return store;
  }

  @Override
  public void close() {
    closers.forEach(Runnable::run);
  }
}
