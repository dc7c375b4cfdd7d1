package io.pgbackup.engine;

import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Keeps arrays of many megabytes for whoever needs one next: for a new one the JVM asks the kernel
/// for pages, writes zeroes into them and collects it soon, which takes longer than to compress
/// what it holds. The next collection of the old generation takes whatever lies here, so that an
/// agent at rest keeps nothing. Thread-safe.
public final class Spares<T> {
  private final Deque<WeakReference<T>> kept = new ArrayDeque<>();

  /// Something that nobody else has until it is kept again.
  public synchronized Optional<T> take() {
    for (var next = kept.poll(); next != null; next = kept.poll()) {
      @Nullable T thing = next.get();
      if (thing != null) {
        return Optional.of(thing);
      }
    }
    return Optional.empty();
  }

  /// @param thing which the caller does not touch any more
  public synchronized void keep(T thing) {
    kept.push(new WeakReference<>(thing));
  }
}
