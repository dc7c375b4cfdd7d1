package io.pgbackup.engine.walg;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;

/// What is remembered of all the children of this agent. Thread-safe.
public final class Children {
  private final AtomicLong restarts = new AtomicLong();
  private final AtomicLong peak = new AtomicLong();

  void restarted() {
    restarts.incrementAndGet();
  }

  void used(long bytes) {
    peak.accumulateAndGet(bytes, Math::max);
  }

  /// How often a daemon had to be started again because it died or hung.
  public long restarts() {
    return restarts.get();
  }

  /// The greatest resident memory of a single wal-g so far, in bytes; sampled, so that a short run
  /// may have had a little more.
  public OptionalLong peakMemory() {
    return Optional.of(peak.get()).filter(bytes -> bytes > 0).stream()
        .mapToLong(bytes -> bytes)
        .findFirst();
  }
}
