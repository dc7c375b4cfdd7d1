package io.pgbackup.telemetry;

import java.util.EnumMap;
import java.util.Map;

/// How long things took, for each of the few ways in which they end, in a few fixed buckets.
///
/// Thread-safe.
public final class Timings<E extends Enum<E>> {
  private final Map<E, Taken> taken;

  public Timings(Class<E> ends) {
    this.taken = new EnumMap<>(ends);
  }

  /// Ends that never came are left out.
  public synchronized Map<E, Taken> taken() {
    return new EnumMap<>(taken);
  }

  /// @param since [System#nanoTime] when it began
  public void ended(E end, long since) {
    add(end, (System.nanoTime() - since) / 1e9);
  }

  synchronized void add(E end, double seconds) {
    taken.put(end, taken.getOrDefault(end, Taken.NONE).plus(seconds));
  }
}
