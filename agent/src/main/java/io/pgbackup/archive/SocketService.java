package io.pgbackup.archive;

import io.pgbackup.engine.MemoryLimit;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Carries out what was asked, whatever protocol it came in. Every answer comes within its limit;
/// work that takes longer goes on without the client. Thread-safe.
final class SocketService {
  private static final Logger LOGGER = LoggerFactory.getLogger(SocketService.class);

  private static final long USUAL_HEAP = 256L << 20;

  /// Content, what becomes of it, and what the store's client holds of that.
  private static final long MEMORY_OF_A_TRANSFER = 64L << 20;

  private final WalArchiver archiver;
  private final CatchUp catchUp;
  private final ReadAhead readAhead;
  private final WalServer server;
  private final SocketLimits limits;
  private final TransferSlots slots;
  private final int extraTransfers;

  SocketService(
      WalArchiver archiver, WalServer server, PgWal pgWal, AheadFolder ahead, SocketLimits limits) {
    this.archiver = archiver;
    this.server = server;
    this.limits = limits;
    long heap = MemoryLimit.heap();
    this.slots = new TransferSlots(bearable(limits.transfers(), heap));
    this.extraTransfers = extraTransfers(limits.transfers(), heap);
    this.catchUp = new CatchUp(archiver, pgWal, slots);
    this.readAhead = new ReadAhead(server::engine, slots, ahead, limits.idle());
  }

  /// Fewer than usual where the control group bears no more.
  static int bearable(int usual, long heap) {
    return Math.clamp(Math.ceilDiv(heap * usual, USUAL_HEAP), 1, usual);
  }

  /// As many again at most, and none in the heap that an agent has by itself.
  static int extraTransfers(int usual, long heap) {
    return Math.clamp((heap - USUAL_HEAP) / MEMORY_OF_A_TRANSFER, 0, usual);
  }

  /// Whether to store more WAL at once than usual.
  void hurry(boolean now) {
    slots.setExtra(now ? extraTransfers : 0);
  }

  TransferSlots.Slot takeSlot(long size) {
    return slots.take(size, limits.slot());
  }

  /// Begins to count one push, before there is a place for it.
  Attempt attempt(WalFileName name) {
    return archiver.attempt(name);
  }

  void push(Attempt attempt, byte[] content, Optional<LineageUid> sender, TransferSlots.Slot slot) {
    WalFileName name = attempt.name();
    if (within(
        limits.pushAnswer(),
        "wal-push-" + name.text(),
        slot,
        () -> archiver.take(attempt, content, sender),
        _ -> {})) {
      catchUp.behind(name);
    }
  }

  Optional<Fetched> fetch(WalFileName name, TransferSlots.Slot slot) {
    Optional<Fetched> fetched =
        within(
            limits.fetchAnswer(),
            "wal-fetch-" + name.text(),
            slot,
            () -> carryOut(name, slot),
            late -> late.ifPresent(Fetched::close));
    fetched.ifPresent(file -> readAhead(name, file.size()));
    return fetched;
  }

  // what goes wrong here is not this segment's
  private void readAhead(WalFileName name, int size) {
    try {
      readAhead.behind(name, size);
    } catch (PgBackupException e) {
      LOGGER.atDebug().addKeyValue("reason", e.problem().message()).log("nothing is read ahead");
    }
  }

  private Optional<Fetched> carryOut(WalFileName name, TransferSlots.Slot slot) {
    return server.fetch(name, () -> readAhead.take(name, slot), slot::memory);
  }

  /// Waits for what is under way and lets nothing in any more.
  boolean drain() {
    catchUp.close();
    readAhead.close();
    return slots.drain(limits.drain());
  }

  /// @param late gets what came after the limit
  private static <T> T within(
      Duration limit,
      String threadName,
      TransferSlots.Slot slot,
      Supplier<T> work,
      Consumer<T> late) {
    var outcome = new CompletableFuture<T>();
    TransferSlots.Slot held = slot.hold();
    Thread.ofPlatform()
        .name(threadName)
        .start(
            () -> {
              try (held) {
                T result = work.get();
                if (!outcome.complete(result)) {
                  late.accept(result);
                }
              } catch (RuntimeException | Error e) {
                outcome.completeExceptionally(e);
              }
            });
    try {
      return outcome.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      if (!outcome.cancel(false) && outcome.state() == Future.State.SUCCESS) {
        return outcome.resultNow();
      }
      throw Problem.timedOut(
              "the store did not answer for %d seconds".formatted(limit.toSeconds()),
              "A push goes on; the next attempt joins it.")
          .causedBy(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      outcome.cancel(false);
      throw Problem.timedOut("the agent is stopping", "Ask again when it runs.").causedBy(e);
    } catch (ExecutionException e) {
      throw rethrown(e.getCause());
    }
  }

  private static RuntimeException rethrown(@Nullable Throwable cause) {
    return switch (cause) {
      case PgBackupException known -> known;
      case OutOfMemoryError e -> tooLittleMemory(e);
      case RuntimeException e -> e;
      case null, default -> new IllegalStateException(cause);
    };
  }

  static PgBackupException tooLittleMemory(OutOfMemoryError cause) {
    return Problem.storageUnavailable(
            "the agent has too little memory for this file",
            "Give it a greater heap: PGBACKUP_JAVA_OPTIONS=-Xmx1g for instance.")
        .causedBy(cause);
  }
}
