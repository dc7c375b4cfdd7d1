package io.pgbackup.agent;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryUsage;
import java.time.Duration;
import java.util.Optional;

/// Gives memory back between two pieces of work. Whole segments and parts of a base backup are
/// arrays of many megabytes, which go straight to the old generation; the serial collector lets it
/// grow to the heap's limit before it looks there, and would then stay that large for ever in a pod
/// that does nothing.
///
/// A collection of the little that lives takes some 50 ms; there is at most one in ten seconds.
final class GarbageWatch {
  private static final Duration INTERVAL = Duration.ofSeconds(10);
  private static final long WORTHWHILE = 48L << 20;

  /// The old generation. Thread-safe.
  interface OldGeneration {
    /// In bytes, with what nobody needs any more.
    long used();

    /// In bytes, right after the last collection of it; 0 before the first.
    long usedAfterCollection();

    void collect();
  }

  private final OldGeneration generation;

  GarbageWatch(OldGeneration generation) {
    this.generation = generation;
  }

  /// Of this process, if its collector is the one that the launchers choose.
  static Optional<GarbageWatch> ofThisProcess() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getName().equals("Tenured Gen"))
        .findAny()
        .map(pool -> new GarbageWatch(new SerialOldGeneration(pool)));
  }

  /// @return how long to wait until the next look
  Duration look() {
    if (generation.used() - generation.usedAfterCollection() >= WORTHWHILE) {
      generation.collect();
    }
    return INTERVAL;
  }

  private record SerialOldGeneration(MemoryPoolMXBean pool) implements OldGeneration {
    @Override
    public long used() {
      return pool.getUsage().getUsed();
    }

    @Override
    public long usedAfterCollection() {
      MemoryUsage after = pool.getCollectionUsage();
      return after == null ? 0 : after.getUsed();
    }

    @Override
    public void collect() {
      System.gc();
    }
  }
}
