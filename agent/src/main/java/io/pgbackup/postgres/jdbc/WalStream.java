package io.pgbackup.postgres.jdbc;

import io.pgbackup.postgres.Lsn;
import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.postgresql.copy.CopyDual;

/// WAL as it comes, message by message, and the answers to it.
///
/// Every failure is a [io.pgbackup.problem.PgBackupException] with `PostgresFailed`; the end of a
/// stream is one too, because a server that runs has no last byte. Not thread-safe.
public final class WalStream {
  /// Microseconds are counted from here.
  private static final Instant POSTGRES_EPOCH = Instant.parse("2000-01-01T00:00:00Z");

  private static final int DATA_HEADER = 1 + 8 + 8 + 8;
  private static final int STATUS = 1 + 8 + 8 + 8 + 8 + 1;

  private final CopyDual copy;
  private final SqlFailures failures;
  private final Duration patience;
  private Lsn received;
  private Lsn serverEnd;

  WalStream(CopyDual copy, SqlFailures failures, Lsn start, Duration patience) {
    this.copy = copy;
    this.failures = failures;
    this.patience = patience;
    this.received = start;
    this.serverEnd = start;
  }

  public sealed interface Message {
    /// WAL from a position on.
    ///
    /// @param bytes to be read before the next message
    record Data(Lsn start, ByteBuffer bytes) implements Message {}

    /// A sign of life.
    ///
    /// @param wantsAnswer also when the server stops: it waits until all that it wrote is confirmed
    record Alive(boolean wantsAnswer) implements Message {}
  }

  /// The next message. Returns nothing where none is there, and waits only where the server said
  /// that more is on the way, or where a message has begun; not longer than the patience.
  public Optional<Message> next() {
    try {
      byte[] message = copy.readFromCopy(received.isBefore(serverEnd));
      if (message == null) {
        if (!copy.isActive()) {
          throw new SQLException("the server ended the stream at " + received);
        }
        return Optional.empty();
      }
      return Optional.of(parse(ByteBuffer.wrap(message)));
    } catch (SQLException e) {
      throw (SqlFailures.isTimeout(e)
              ? failures.silent(received, patience)
              : failures.streaming(received, e))
          .causedBy(e);
    }
  }

  /// @param silence since the last message; whoever measures it has asked for answers meanwhile
  public void requireLife(Duration silence) {
    if (silence.compareTo(patience) > 0) {
      throw failures.silent(received, patience).asException();
    }
  }

  private Message parse(ByteBuffer message) throws SQLException {
    byte kind = message.get(0);
    switch (kind) {
      case 'w' -> {
        Lsn start = new Lsn(message.getLong(1));
        serverEnd = new Lsn(message.getLong(9));
        ByteBuffer bytes = message.position(DATA_HEADER).slice();
        received = start.plus(bytes.remaining());
        return new Message.Data(start, bytes);
      }
      case 'k' -> {
        return new Message.Alive(message.get(1 + 8 + 8) != 0);
      }
      default -> throw new SQLException("unknown message '" + (char) kind + "'");
    }
  }

  /// Tells the server how far its WAL has come.
  ///
  /// @param stored what need not be kept for us any more
  /// @param wantsAnswer whether it is to answer, as a proof that it lives
  public void confirm(Lsn stored, boolean wantsAnswer) {
    ByteBuffer status = ByteBuffer.allocate(STATUS);
    status.put((byte) 'r');
    status.putLong(received.value());
    status.putLong(stored.value());
    status.putLong(stored.value());
    Duration now = Duration.between(POSTGRES_EPOCH, Instant.now());
    status.putLong(now.toNanos() / 1000);
    status.put((byte) (wantsAnswer ? 1 : 0));
    try {
      copy.writeToCopy(status.array(), 0, STATUS);
      copy.flushCopy();
    } catch (SQLException e) {
      throw failures.streaming(received, e).causedBy(e);
    }
  }
}
