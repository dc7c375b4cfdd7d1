package io.pgbackup.engine.embedded;

import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Hands things from one thread to several, a bounded number ahead. When one of them fails the
/// others stop. Thread-safe.
final class HandOver<T> {
  private final int capacity;
  private final Queue<T> waiting = new ArrayDeque<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private boolean ended;
  private @Nullable Throwable failure;

  HandOver(int capacity) {
    this.capacity = capacity;
  }

  /// Waits for space.
  ///
  /// @throws CancellationException after [#fail]
  void put(T thing) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (waiting.size() >= capacity && failure == null) {
        changed.await();
      }
      throwIfFailed();
      waiting.add(thing);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Waits for the next thing; nothing when the giver has ended.
  ///
  /// @throws CancellationException after [#fail]
  Optional<T> take() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (waiting.isEmpty() && !ended && failure == null) {
        changed.await();
      }
      throwIfFailed();
      changed.signalAll();
      return Optional.ofNullable(waiting.poll());
    } finally {
      lock.unlock();
    }
  }

  /// Nothing more will come.
  void end() {
    lock.lock();
    try {
      ended = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Stops everybody; the first reason counts.
  void fail(Throwable reason) {
    lock.lock();
    try {
      if (failure == null) {
        failure = reason;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  Optional<Throwable> failure() {
    lock.lock();
    try {
      return Optional.ofNullable(failure);
    } finally {
      lock.unlock();
    }
  }

  private void throwIfFailed() {
    if (failure != null) {
      throw new CancellationException("another thread failed");
    }
  }
}
