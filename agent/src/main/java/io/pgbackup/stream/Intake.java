package io.pgbackup.stream;

import io.pgbackup.engine.tail.Piece;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.problem.Problem;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// WAL between the wire and the store: the segment that is being filled, and before it whole ones
/// that wait. It has room for one segment, and for a second one where they are small; what does not
/// fit stays with the server.
///
/// Thread-safe: one thread adds, one takes.
final class Intake {
  /// Two segments of more than this are too much to hold.
  private static final int SMALL = 16 << 20;

  /// So many pieces of a segment, and the next one begins with the segment: a reader needs few.
  private static final int PIECES = 32;

  sealed interface Work {
    @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
    record Whole(WalSegment segment, byte[] content) implements Work {}

    @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
    record Part(Piece piece, byte[] content) implements Work {}
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Work.Whole> whole = new ArrayDeque<>();
  private WalSegment filling;
  private byte @Nullable [] content;
  private int length;
  private Lsn inPieces;
  private int pieces;
  private boolean urgent;

  Intake(WalSegment first) {
    filling = first;
    inPieces = first.start();
  }

  /// Takes as much as there is room for. The rest is to be offered again.
  ///
  /// @return whether all of it found room
  /// @throws io.pgbackup.problem.PgBackupException `PostgresFailed` if it does not follow what came
  ///   before
  boolean add(Lsn at, ByteBuffer bytes) {
    lock.lock();
    try {
      if (!at.equals(position())) {
        throw Problem.postgresFailed(
                "the server sent WAL from %s where %s was awaited".formatted(at, position()),
                "The agent connects again by itself.")
            .asException();
      }
      while (bytes.hasRemaining() && hasRoom()) {
        byte[] room = content == null ? new byte[filling.size().bytes()] : content;
        content = room;
        int count = Math.min(bytes.remaining(), filling.size().bytes() - length);
        bytes.get(room, length, count);
        length += count;
        if (length == room.length) {
          finish(room);
        }
      }
      return !bytes.hasRemaining();
    } finally {
      lock.unlock();
    }
  }

  private boolean hasRoom() {
    int most = filling.size().bytes() <= SMALL ? 1 : 0;
    return content != null || whole.size() <= most;
  }

  private void finish(byte[] full) {
    whole.add(new Work.Whole(filling, full));
    filling = filling.next();
    inPieces = filling.start();
    pieces = 0;
    content = null;
    length = 0;
    changed.signalAll();
  }

  /// Behind the last byte that was added.
  Lsn position() {
    lock.lock();
    try {
      return filling.start().plus(length);
    } finally {
      lock.unlock();
    }
  }

  /// Lets the bytes of the unfinished segment be stored now.
  void urgent() {
    lock.lock();
    try {
      urgent = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// What is to be stored next: a whole segment, or once the time is over or it is urgent what was
  /// not stored of the unfinished one. It comes again until it was [#stored].
  Optional<Work> await(Duration interval) throws InterruptedException {
    lock.lock();
    try {
      long left = interval.toNanos();
      while (whole.isEmpty() && !urgent && left > 0) {
        left = changed.awaitNanos(left);
      }
      return now();
    } finally {
      lock.unlock();
    }
  }

  /// As [#await], without waiting.
  Optional<Work> now() {
    lock.lock();
    try {
      if (!whole.isEmpty()) {
        return Optional.of(whole.getFirst());
      }
      urgent = false;
      Lsn end = position();
      byte[] bytes = content;
      if (bytes == null || !inPieces.isBefore(end)) {
        return Optional.empty();
      }
      Lsn from = pieces % PIECES == 0 ? filling.start() : inPieces;
      return Optional.of(
          new Work.Part(
              new Piece(filling, from, end),
              Arrays.copyOfRange(bytes, (int) from.minus(filling.start()), length)));
    } finally {
      lock.unlock();
    }
  }

  void stored(Work work) {
    lock.lock();
    try {
      switch (work) {
        case Work.Whole _ -> whole.removeFirst();
        case Work.Part(Piece piece, _) -> {
          if (piece.segment().equals(filling)) {
            inPieces = piece.to();
            pieces++;
          }
        }
      }
    } finally {
      lock.unlock();
    }
  }
}
