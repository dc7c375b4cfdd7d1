package io.pgbackup.archive;

import io.pgbackup.archive.TransferSlots.Slot;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.PgBackupException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Works off a backlog on all cores. PostgreSQL asks for one file at a time; while more of them
/// wait, they are stored ahead, several at once, and PostgreSQL is told so when it asks. Only
/// PostgreSQL says what has been archived: a file stored ahead and never asked for is in the
/// archive early, and nothing else.
///
/// Where the agent cannot see `pg_wal`, nothing happens. Thread-safe.
final class CatchUp implements AutoCloseable {
  /// Segments ahead of PostgreSQL at the most. It is told of some dozens in a second.
  static final int LEAD = 64;

  /// One that waits is what PostgreSQL sends next anyway.
  private static final int BACKLOG = 2;

  private static final Logger LOGGER = LoggerFactory.getLogger(CatchUp.class);

  private final WalArchiver archiver;
  private final PgWal pgWal;
  private final TransferSlots slots;
  private final AtomicBoolean running = new AtomicBoolean();
  private volatile boolean closed;

  CatchUp(WalArchiver archiver, PgWal pgWal, TransferSlots slots) {
    this.archiver = archiver;
    this.pgWal = pgWal;
    this.slots = slots;
  }

  /// PostgreSQL's file is stored: looks for what waits behind it. Returns at once.
  void behind(WalFileName name) {
    if (name instanceof WalFileName.Segment segment
        && !closed
        && running.compareAndSet(false, true)) {
      Thread.ofVirtual()
          .name("wal-catch-up")
          .start(
              () -> {
                try {
                  workOff(segment);
                } catch (PgBackupException e) {
                  gaveUp(e);
                } finally {
                  running.set(false);
                }
              });
    }
  }

  private void workOff(WalFileName.Segment segment) {
    List<WalFileName.Segment> waiting = pgWal.readyBehind(segment, LEAD);
    if (waiting.size() < BACKLOG) {
      return;
    }
    try (ExecutorService uploads =
        Executors.newThreadPerTaskExecutor(Thread.ofPlatform().name("wal-ahead-", 0).factory())) {
      CompletionService<Boolean> ended = new ExecutorCompletionService<>(uploads);
      int underWay = 0;
      boolean well = true;
      for (WalFileName.Segment next : waiting) {
        if (archiver.isAhead(next)) {
          continue;
        }
        Optional<Slot> slot = slots.takeSpare(pgWal.size(next));
        while (slot.isEmpty() && underWay > 0 && well) {
          well = outcome(ended);
          underWay--;
          slot = slots.takeSpare(pgWal.size(next));
        }
        if (slot.isEmpty() || !well || closed) {
          slot.ifPresent(Slot::close);
          return;
        }
        start(next, slot.get(), ended);
        underWay++;
      }
    }
  }

  /// Through the fence here, one after the other; into the store beside others.
  private void start(WalFileName.Segment next, Slot slot, CompletionService<Boolean> uploads) {
    Runnable storing;
    try {
      storing = archiver.admitAhead(next, pgWal.read(next, slot::memory));
    } catch (RuntimeException | Error e) {
      slot.close();
      throw e;
    }
    uploads.submit(
        () -> {
          try (slot) {
            storing.run();
            return true;
          } catch (PgBackupException e) {
            gaveUp(e);
            return false;
          }
        });
  }

  private static boolean outcome(CompletionService<Boolean> ended) {
    try {
      return ended.take().get();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return false;
    } catch (ExecutionException _) {
      return false;
    }
  }

  /// PostgreSQL asks for the file itself, and what went wrong is reported then.
  private static void gaveUp(PgBackupException e) {
    LOGGER.atDebug().addKeyValue("reason", e.problem().message()).log("WAL not stored ahead");
  }

  /// Begins nothing any more.
  @Override
  public void close() {
    closed = true;
  }
}
