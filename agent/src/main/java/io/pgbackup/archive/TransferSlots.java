package io.pgbackup.archive;

import io.pgbackup.engine.SpareArrays;
import io.pgbackup.problem.Problem;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Bounds how much WAL is held in memory at once: so many files of the usual 16 MiB, or fewer of a
/// greater size. A file that is greater than all of it is let in alone. Thread-safe.
final class TransferSlots {
  private static final long USUAL = 16 << 20;

  private final int count;
  private final Places free;
  private final SpareArrays spares = new SpareArrays();
  private int extra;

  TransferSlots(int count) {
    this.count = count;
    this.free = new Places(count);
  }

  /// Waits for room.
  ///
  /// @param size bytes, 0 where that is not known yet
  Slot take(long size, Duration patience) {
    int permits = permits(size);
    if (acquire(permits, patience)) {
      return new Slot(permits);
    }
    throw Problem.timedOut(
            "all places for WAL files under way are taken",
            "The store is slow or away; PostgreSQL keeps the file and asks again.")
        .asException();
  }

  /// Takes room that is not needed now: as much again stays free.
  Optional<Slot> takeSpare(long size) {
    int permits = permits(size);
    return free.availablePermits() >= 2 * permits && free.tryAcquire(permits)
        ? Optional.of(new Slot(permits))
        : Optional.empty();
  }

  /// Gives so much more room than usual, or takes it back, which nobody who has it notices.
  synchronized void setExtra(int wanted) {
    if (wanted > extra) {
      free.release(wanted - extra);
    } else {
      free.takeAway(extra - wanted);
    }
    extra = wanted;
  }

  private int permits(long size) {
    return Math.clamp((size + USUAL - 1) / USUAL, 1, count);
  }

  /// Waits until nothing is under way, and then lets nothing in any more.
  boolean drain(Duration patience) {
    setExtra(0);
    return acquire(count, patience);
  }

  private boolean acquire(int permits, Duration patience) {
    try {
      return free.tryAcquire(permits, patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static final class Places extends Semaphore {
    private static final long serialVersionUID = 1L;

    Places(int count) {
      super(count, true);
    }

    void takeAway(int permits) {
      reducePermits(permits);
    }
  }

  /// One file's place, free again when every holder has closed it.
  final class Slot implements AutoCloseable {
    private final AtomicInteger holders = new AtomicInteger(1);
    private final int permits;
    private byte @Nullable [] memory;

    private Slot(int permits) {
      this.permits = permits;
    }

    /// One holder more, who closes it too.
    Slot hold() {
      holders.incrementAndGet();
      return this;
    }

    /// Memory for this file, asked for once, in which anything may stand. Other files get it when
    /// every holder has closed the place.
    byte[] memory(int size) {
      if (size < USUAL) {
        return new byte[size];
      }
      byte[] lent = spares.take(size);
      memory = lent;
      return lent;
    }

    /// Makes the other's memory this one's: what stands in it is not done with when that closes.
    void takeOver(Slot other) {
      memory = other.memory;
      other.memory = null;
    }

    @Override
    public void close() {
      if (holders.decrementAndGet() == 0) {
        byte[] lent = memory;
        if (lent != null) {
          spares.keep(lent);
        }
        free.release(permits);
      }
    }
  }
}
