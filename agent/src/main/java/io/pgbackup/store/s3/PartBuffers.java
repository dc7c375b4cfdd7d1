package io.pgbackup.store.s3;

import io.pgbackup.problem.Problem;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Semaphore;

/// Lends parts' memory, so that many uploads never take more than was agreed. Nothing is kept while
/// nobody uploads.
final class PartBuffers {
  private final int size;
  private final Semaphore available;
  private final Deque<byte[]> unused = new ArrayDeque<>();
  private int users;

  PartBuffers(int size, int count) {
    this.size = size;
    this.available = new Semaphore(count);
  }

  int size() {
    return size;
  }

  /// Somebody uploads from now on, until [#leave].
  void enter() {
    synchronized (unused) {
      users++;
    }
  }

  /// The last one leaves nothing behind.
  void leave() {
    synchronized (unused) {
      users--;
      if (users == 0) {
        unused.clear();
      }
    }
  }

  /// Waits until one is returned.
  byte[] take() {
    try {
      available.acquire();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Problem.storageUnavailable("upload interrupted", "Run it again.").causedBy(e);
    }
    synchronized (unused) {
      byte[] buffer = unused.poll();
      return buffer != null ? buffer : new byte[size];
    }
  }

  void giveBack(byte[] buffer) {
    synchronized (unused) {
      if (users > 0) {
        unused.push(buffer);
      }
    }
    available.release();
  }
}
