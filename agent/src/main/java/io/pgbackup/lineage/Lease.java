package io.pgbackup.lineage;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A lease that is held, and renewed in the background, until it is closed. Closing releases it.
/// Whoever works under it asks [#requireHeld] before each step that cannot be taken back.
///
/// Thread-safe.
public final class Lease implements AutoCloseable {
  private static final Logger LOGGER = LoggerFactory.getLogger(Lease.class);

  /// The most often that a store lets one key be written (R2).
  private static final Duration BETWEEN_WRITES = Duration.ofSeconds(1);

  /// Renewals that failed are tried again so many times sooner than the next would come.
  private static final int SOONER = 10;

  private final Leases leases;
  private final ObjectKey key;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition closing = lock.newCondition();
  private LeaseDocument document;
  private String version;
  private Instant written;
  private boolean lost;
  private boolean closed;

  Lease(Leases leases, ObjectKey key, LeaseDocument document, String version) {
    this.leases = leases;
    this.key = key;
    this.document = document;
    this.version = version;
    this.written = leases.now();
  }

  public boolean isHeld() {
    lock.lock();
    try {
      return !lost && !closed && leases.now().isBefore(document.expiresAt());
    } finally {
      lock.unlock();
    }
  }

  /// One that ran out because the store did not answer is renewed first: the store does that only
  /// where nobody had it in between.
  ///
  /// @throws PgBackupException `Refused` if somebody else holds it or had it; `StorageFailed` if it
  ///   ran out and the store does not answer
  public void requireHeld() {
    lock.lock();
    try {
      if (!isHeld() && !lost && !closed) {
        renewOrLose();
      }
      if (!isHeld()) {
        throw Problem.refused(
                "the lease " + key + " is no longer held",
                "It could not be renewed in time, and another run had it meanwhile; start again.")
            .asException();
      }
    } finally {
      lock.unlock();
    }
  }

  /// When it was last written, by the store's clock; empty where somebody removed it.
  public Optional<Instant> modified() {
    return leases.modified(key);
  }

  void startRenewing(Duration interval) {
    Thread.ofVirtual()
        .name("lease-" + key.name())
        .start(() -> renewUntilClosed(interval.toNanos()));
  }

  private void renewUntilClosed(long interval) {
    lock.lock();
    try {
      long left = interval;
      while (!closed && !lost) {
        while (left > 0 && !closed) {
          left = closing.awaitNanos(left);
        }
        if (!closed) {
          left = renew() ? interval : interval / SOONER;
        }
      }
    } catch (InterruptedException _) {
      // nobody interrupts this thread but the JVM's end
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  /// One renewal. A store that does not answer is asked again soon, also after the lease ran out:
  /// as long as nobody took it, it is ours again.
  ///
  /// @return whether the store answered
  boolean renew() {
    lock.lock();
    try {
      renewOrLose();
      return true;
    } catch (PgBackupException e) {
      LOGGER
          .atWarn()
          .addKeyValue("lease", key)
          .addKeyValue("problem", e.problem().message())
          .addKeyValue("expires", document.expiresAt())
          .log("lease not renewed");
      return false;
    } finally {
      lock.unlock();
    }
  }

  private void renewOrLose() {
    if (!write(leases.now().plus(leases.length()))) {
      lost = true;
      LOGGER.atWarn().addKeyValue("lease", key).log("lease lost to another holder");
    }
  }

  private boolean write(Instant expiresAt) {
    LeaseDocument next = document.until(expiresAt);
    Optional<String> newVersion = leases.write(key, next, version);
    newVersion.ifPresent(
        v -> {
          version = v;
          document = next;
          written = leases.now();
        });
    return newVersion.isPresent();
  }

  /// Releases it, so that the next need not wait for its end. A store that does not answer is no
  /// failure here: the lease runs out by itself, and for the next of this process at once. An
  /// interrupted thread, whose work is broken off, releases it all the same and stays interrupted.
  @Override
  public void close() {
    boolean interrupted = Thread.interrupted();
    try {
      release();
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void release() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      closing.signalAll();
      if (!lost) {
        waitForTheNextWrite();
        // the end that counts for every clock, also where ours runs ahead
        write(Instant.EPOCH);
      }
    } catch (PgBackupException e) {
      leases.abandon(document);
      LOGGER
          .atWarn()
          .addKeyValue("lease", key)
          .addKeyValue("problem", e.problem().message())
          .addKeyValue("expires", document.expiresAt())
          .log("lease not released");
    } catch (InterruptedException _) {
      leases.abandon(document);
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  private void waitForTheNextWrite() throws InterruptedException {
    Duration left = BETWEEN_WRITES.minus(Duration.between(written, leases.now()));
    if (left.isPositive()) {
      leases.pause(left.compareTo(BETWEEN_WRITES) < 0 ? left : BETWEEN_WRITES);
    }
  }

  @Override
  public String toString() {
    lock.lock();
    try {
      return key + " held by " + document.holder();
    } finally {
      lock.unlock();
    }
  }
}
