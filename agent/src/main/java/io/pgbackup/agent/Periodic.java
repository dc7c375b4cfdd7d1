package io.pgbackup.agent;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Does something again and again on a daemon thread of its own, until it is closed.
///
/// Thread-safe.
final class Periodic implements AutoCloseable {
  private static final Logger LOGGER = LoggerFactory.getLogger(Periodic.class);

  private final Supplier<Duration> work;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Thread thread;
  private boolean asked;
  private boolean closed;

  /// @param work returns how long to wait until the next time
  Periodic(String name, Supplier<Duration> work) {
    this.work = work;
    this.thread = Thread.ofPlatform().name(name).daemon().unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /// Does not wait any longer: once more now, or as soon as the round under way has ended.
  void soon() {
    lock.lock();
    try {
      asked = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    Duration pause = Duration.ZERO;
    while (waited(pause)) {
      pause = round();
    }
  }

  private Duration round() {
    try {
      return work.get();
    } catch (RuntimeException e) {
      if (isClosed()) {
        // what it works with was closed under it
        LOGGER.atDebug().setCause(e).log("a round did not end before the agent stopped");
        return Duration.ZERO;
      }
      LOGGER.atError().setCause(e).log("unexpected failure; trying again in a minute");
      return Duration.ofMinutes(1);
    }
  }

  private boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  private boolean waited(Duration pause) {
    lock.lock();
    try {
      long left = pause.toNanos();
      while (left > 0 && !asked && !closed) {
        left = changed.awaitNanos(left);
      }
      asked = false;
      return !closed;
    } catch (InterruptedException _) {
      return false;
    } finally {
      lock.unlock();
    }
  }

  /// Begins no further round and waits a little for the one under way. One that waits for a store
  /// or a server that does not answer is left behind: nothing depends on its end.
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    try {
      thread.join(Duration.ofSeconds(1));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
