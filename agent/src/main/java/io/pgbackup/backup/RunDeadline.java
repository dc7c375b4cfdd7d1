package io.pgbackup.backup;

import java.time.Duration;
import java.util.Optional;

/// Interrupts the thread of a run that takes too long. Nothing happens without a limit.
///
/// Thread-safe.
final class RunDeadline {
  private final Optional<Duration> limit;
  private boolean over;
  private boolean passed;

  RunDeadline(Optional<Duration> limit) {
    this.limit = limit;
  }

  /// What ends the watch.
  interface Watch extends AutoCloseable {
    @Override
    void close();
  }

  /// Watches the caller's thread from now on. Closed on the same thread, it leaves no interrupt of
  /// ours behind: what follows may ask the store.
  Watch begin() {
    if (limit.isEmpty()) {
      return () -> {};
    }
    Thread watched = Thread.currentThread();
    Thread watching =
        Thread.ofVirtual().name("backup-deadline").start(() -> await(limit.get(), watched));
    return () -> {
      end();
      watching.interrupt();
    };
  }

  private void await(Duration patience, Thread watched) {
    try {
      Thread.sleep(patience);
    } catch (InterruptedException _) {
      return;
    }
    synchronized (this) {
      if (!over) {
        passed = true;
        watched.interrupt();
      }
    }
  }

  private synchronized void end() {
    over = true;
    if (passed) {
      boolean _ = Thread.interrupted();
    }
  }

  /// The limit, where the run reached it.
  synchronized Optional<Duration> passed() {
    return passed ? limit : Optional.empty();
  }
}
