package io.pgbackup.engine;

import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/// Spreads bytes over time, so that a base backup leaves the disk and the network to the server.
/// All threads of a backup share one.
///
/// Thread-safe.
public final class Throttle {
  /// As fast as it goes.
  public static final Throttle NONE = new Throttle(() -> 0);

  /// What may be made up for after a pause.
  private static final long BURST_NANOS = 100_000_000;

  private final LongSupplier bytesPerSecond;
  private final LongSupplier nanos;
  private final LongConsumer sleep;
  private long free = Long.MIN_VALUE;

  /// @param bytesPerSecond asked at each pass, because it may depend on the time of day; 0 for no
  ///   limit
  public Throttle(LongSupplier bytesPerSecond) {
    this(bytesPerSecond, System::nanoTime, LockSupport::parkNanos);
  }

  /// @param nanos a clock like [System#nanoTime]
  /// @param sleep may end early
  Throttle(LongSupplier bytesPerSecond, LongSupplier nanos, LongConsumer sleep) {
    this.bytesPerSecond = bytesPerSecond;
    this.nanos = nanos;
    this.sleep = sleep;
  }

  /// What holds now; 0 for no limit.
  public long bytesPerSecond() {
    return Math.max(0, bytesPerSecond.getAsLong());
  }

  /// Returns when so many bytes may have been read. Returns early in an interrupted thread.
  public void pass(long bytes) {
    long rate = bytesPerSecond();
    if (rate == 0) {
      return;
    }
    long due = reserve(Math.round(1e9 * bytes / rate));
    while (due - nanos.getAsLong() > 0 && !Thread.currentThread().isInterrupted()) {
      sleep.accept(due - nanos.getAsLong());
    }
  }

  /// @return when these are through
  private synchronized long reserve(long cost) {
    long now = nanos.getAsLong();
    boolean idle = free == Long.MIN_VALUE || now - free > BURST_NANOS;
    free = (idle ? now : free) + cost;
    return free;
  }
}
