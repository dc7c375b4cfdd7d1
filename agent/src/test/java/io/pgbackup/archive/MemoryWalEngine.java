package io.pgbackup.archive;

import io.pgbackup.engine.WalEngine;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.Problem;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/// An archive in memory that can be away, or keep its callers waiting.
final class MemoryWalEngine implements WalEngine {
  final Map<String, byte[]> files = new ConcurrentHashMap<>();
  final AtomicInteger pushes = new AtomicInteger();
  final AtomicInteger fetches = new AtomicInteger();
  final AtomicInteger waiting = new AtomicInteger();
  volatile int failuresToCome;
  volatile CountDownLatch gate = new CountDownLatch(0);

  @Override
  public Pushed push(WalFileName name, byte[] content) {
    pushes.incrementAndGet();
    pass();
    byte[] before = files.putIfAbsent(name.text(), content.clone());
    if (before == null) {
      return Pushed.STORED;
    }
    if (Arrays.equals(before, content)) {
      return Pushed.ALREADY_STORED;
    }
    throw Problem.refused(name.text() + " stands with other content", "Look.").asException();
  }

  @Override
  public Optional<byte[]> fetch(WalFileName name) {
    fetches.incrementAndGet();
    pass();
    return Optional.ofNullable(files.get(name.text()));
  }

  private void pass() {
    waiting.incrementAndGet();
    try {
      gate.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    } finally {
      waiting.decrementAndGet();
    }
    synchronized (this) {
      if (failuresToCome > 0) {
        failuresToCome--;
        throw Problem.storageUnavailable("the store is away", "Wait.").asException();
      }
    }
  }
}
