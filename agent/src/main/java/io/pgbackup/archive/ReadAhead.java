package io.pgbackup.archive;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.pgbackup.archive.TransferSlots.Slot;
import io.pgbackup.engine.WalEngine;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;

/// Fetches the segments that recovery will ask for next, while it replays. In memory, in places
/// that transfers do not need now, so outside of PGDATA (P26) and without more memory than the
/// socket may take anyway.
///
/// What it does not find or get is asked for again when PostgreSQL asks: a miss here is never the
/// end of WAL (P25). Thread-safe.
final class ReadAhead implements AutoCloseable {
  /// Segments ahead at the most; fewer where places are short.
  private static final int DEPTH = 4;

  private final Supplier<WalEngine> engine;
  private final TransferSlots slots;
  private final Duration keep;
  private final Map<String, Ahead> entries = new ConcurrentHashMap<>();
  private volatile boolean closed;

  /// @param from another lineage's engine never answers for this one's
  /// @param gone nobody will ask any more: who fetched it lets go of its bytes, whose place is free
  private record Ahead(
      WalEngine from,
      Slot slot,
      CompletableFuture<Optional<byte[]>> outcome,
      CountDownLatch gone) {}

  /// @param engine as [WalServer] asks it
  /// @param keep how long recovery may take to ask; then the place is given back
  ReadAhead(Supplier<WalEngine> engine, TransferSlots slots, Duration keep) {
    this.engine = engine;
    this.slots = slots;
    this.keep = keep;
  }

  /// What was fetched ahead, or is being fetched. Nothing says nothing about the archive.
  ///
  /// @param to whose memory it stands in from then on
  Optional<byte[]> take(WalFileName name, Slot to) {
    Ahead ahead = entries.remove(name.text());
    if (ahead == null) {
      return Optional.empty();
    }
    try (Slot from = ahead.slot) {
      if (!ahead.from.equals(engine.get())) {
        return Optional.empty();
      }
      Optional<byte[]> content = ahead.outcome.join();
      to.takeOver(from);
      return content;
    } catch (CompletionException _) {
      return Optional.empty();
    } finally {
      ahead.gone.countDown();
    }
  }

  /// PostgreSQL got this segment: begins with those behind it. Returns at once.
  void behind(WalFileName name, int size) {
    if (!(name instanceof WalFileName.Segment(String text)) || !WalSegmentSize.isValid(size)) {
      return;
    }
    Optional<WalSegment> last = WalSegment.tryParse(text, new WalSegmentSize(size));
    if (last.isEmpty()) {
      return;
    }
    WalSegment next = last.get();
    for (int i = 0; i < DEPTH && !closed; i++) {
      next = next.next();
      if (!entries.containsKey(next.fileName()) && !begin(next, size)) {
        return;
      }
    }
  }

  private boolean begin(WalSegment segment, int size) {
    Optional<Slot> slot = slots.takeSpare(size);
    if (slot.isEmpty()) {
      return false;
    }
    String name = segment.fileName();
    Ahead ahead =
        new Ahead(engine.get(), slot.get(), new CompletableFuture<>(), new CountDownLatch(1));
    if (entries.putIfAbsent(name, ahead) != null) {
      ahead.slot.close();
      return true;
    }
    Thread.ofPlatform().name("wal-read-ahead-" + name).start(() -> fetch(name, ahead));
    return true;
  }

  private void fetch(String name, Ahead ahead) {
    try {
      Optional<byte[]> content;
      // whoever asked may have given up: nobody else gets memory that is still written to
      try (Slot held = ahead.slot.hold()) {
        content = ahead.from.fetch(WalFileName.parse(name), held::memory);
      }
      ahead.outcome.complete(content);
      if (content.isPresent()) {
        var _ = ahead.gone.await(keep.toMillis(), MILLISECONDS);
      }
    } catch (RuntimeException | Error e) {
      ahead.outcome.completeExceptionally(e);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      forget(name, ahead);
    }
  }

  private void forget(String name, Ahead ahead) {
    if (entries.remove(name, ahead)) {
      ahead.slot.close();
      ahead.gone.countDown();
    }
  }

  /// Begins nothing any more, and gives the places back.
  @Override
  public void close() {
    closed = true;
    entries.forEach(this::forget);
  }
}
