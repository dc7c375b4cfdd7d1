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
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/// Fetches the segments that recovery will ask for next, while it replays. Into files where
/// [AheadFolder] can keep them, otherwise in memory, in places that transfers do not need now: so
/// outside of PGDATA (P26) and without more memory than the socket may take anyway.
///
/// What it does not find or get is asked for again when PostgreSQL asks: a miss here is never the
/// end of WAL (P25). Thread-safe.
final class ReadAhead implements AutoCloseable {
  /// Segments ahead at the most; fewer where places are short.
  private static final int DEPTH = 8;

  private static final long DEPTH_IN_BYTES = 128L << 20;

  private final Supplier<WalEngine> engine;
  private final TransferSlots slots;
  private final AheadFolder folder;
  private final Duration keep;
  private final Map<String, Ahead> entries = new ConcurrentHashMap<>();
  private volatile boolean closed;

  /// @param from another lineage's engine never answers for this one's
  /// @param gone nobody will ask any more: who fetched it lets go of its bytes, whose place is free
  private record Ahead(
      WalEngine from,
      Slot slot,
      AtomicBoolean slotFree,
      CompletableFuture<Optional<Fetched>> outcome,
      CountDownLatch gone) {
    Ahead(WalEngine from, Slot slot) {
      this(from, slot, new AtomicBoolean(), new CompletableFuture<>(), new CountDownLatch(1));
    }

    void letGo() {
      var _ = outcome.thenAccept(fetched -> fetched.ifPresent(Fetched::close));
    }

    void freeSlot() {
      if (slotFree.compareAndSet(false, true)) {
        slot.close();
      }
    }
  }

  /// @param engine as [WalServer] asks it
  /// @param keep how long recovery may take to ask; then the place is given back
  ReadAhead(Supplier<WalEngine> engine, TransferSlots slots, AheadFolder folder, Duration keep) {
    this.engine = engine;
    this.slots = slots;
    this.folder = folder;
    this.keep = keep;
  }

  /// What was fetched ahead, or is being fetched. Nothing says nothing about the archive.
  ///
  /// @param to whose memory it stands in from then on, where it is in memory
  Optional<Fetched> take(WalFileName name, Slot to) {
    Ahead ahead = entries.remove(name.text());
    if (ahead == null) {
      return Optional.empty();
    }
    boolean handedOver = false;
    try {
      if (!ahead.from.equals(engine.get())) {
        return Optional.empty();
      }
      Optional<Fetched> fetched = ahead.outcome.join();
      if (fetched.isPresent() && fetched.get() instanceof Fetched.InMemory) {
        to.takeOver(ahead.slot);
      }
      handedOver = true;
      return fetched;
    } catch (CompletionException _) {
      return Optional.empty();
    } finally {
      if (!handedOver) {
        ahead.letGo();
      }
      ahead.freeSlot();
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
    long depth = Math.clamp(DEPTH_IN_BYTES / size, 1, DEPTH);
    for (int i = 0; i < depth && !closed; i++) {
      next = next.next();
      if (!entries.containsKey(next.fileName()) && !begin(next, size)) {
        return;
      }
    }
  }

  private boolean begin(WalSegment segment, int size) {
    WalEngine now = engine.get();
    // what recovery turned away from stays for a while
    Optional<Slot> slot = entries.size() < 2 * DEPTH ? slots.takeSpare(size) : Optional.empty();
    if (slot.isEmpty()) {
      return false;
    }
    String name = segment.fileName();
    Ahead ahead = new Ahead(now, slot.get());
    if (entries.putIfAbsent(name, ahead) != null) {
      ahead.freeSlot();
      return true;
    }
    Thread.ofPlatform().name("wal-read-ahead-" + name).start(() -> fetch(name, ahead));
    return true;
  }

  private void fetch(String name, Ahead ahead) {
    try {
      Optional<Fetched> fetched;
      // whoever asked may have given up: nobody else gets memory that is still written to
      try (Slot held = ahead.slot.hold()) {
        fetched =
            ahead.from.fetch(WalFileName.parse(name), held::memory).map(c -> kept(name, c, ahead));
      }
      ahead.outcome.complete(fetched);
      if (fetched.isPresent()) {
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

  private Fetched kept(String name, byte[] content, Ahead ahead) {
    Optional<AheadFolder.AheadFile> file = folder.keep(name, content);
    if (file.isEmpty()) {
      return new Fetched.InMemory(content);
    }
    ahead.freeSlot();
    return new Fetched.InFile(file.get());
  }

  private void forget(String name, Ahead ahead) {
    if (entries.remove(name, ahead)) {
      ahead.letGo();
      ahead.freeSlot();
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
