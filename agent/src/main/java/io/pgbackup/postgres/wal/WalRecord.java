package io.pgbackup.postgres.wal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pgbackup.postgres.Lsn;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.zip.CRC32C;

/// One record while its bytes arrive, page by page. Only its beginning is kept: a transaction's end
/// says its time there, and of other records the checksum is all that matters.
///
/// Layout: xlogrecord.h; resource managers: rmgrlist.h; COMMIT and ABORT: xact.h.
final class WalRecord {
  static final int HEADER = 24;

  /// `XLogRecordMaxSize`; a longer one is no record.
  static final long MAX_LENGTH = 1020L << 20;

  // header, replication origin, top-level transaction, long data header, time
  private static final int KEPT = HEADER + 3 + 5 + 5 + 8;
  private static final int CRC_OFFSET = 20;
  private static final Instant POSTGRES_EPOCH = Instant.parse("2000-01-01T00:00:00Z");

  private static final int XLOG = 0;
  private static final int XLOG_SWITCH = 0x40;
  private static final int TRANSACTION = 1;
  private static final int TRANSACTION_OPERATION = 0x70;
  private static final int TABLESPACE = 5;
  private static final int TABLESPACE_CREATE = 0x00;

  /// The number, and a path of MAXPGPATH bytes.
  private static final int KEPT_OF_TABLESPACE = KEPT + 4 + 1024;

  private static final int DATA_SHORT = 255;
  private static final int DATA_LONG = 254;
  private static final int ORIGIN = 253;
  private static final int TOPLEVEL_TRANSACTION = 252;

  private final Lsn start;
  private final long length;
  private ByteBuffer beginning = ByteBuffer.allocate(KEPT).order(ByteOrder.LITTLE_ENDIAN);
  private final CRC32C crc = new CRC32C();
  private long received;

  WalRecord(Lsn start, long length) {
    this.start = start;
    this.length = length;
  }

  Lsn start() {
    return start;
  }

  long remaining() {
    return length - received;
  }

  void append(byte[] page, int offset, int count) {
    int kept = keep(page, offset, count);
    if (kept < count && beginning.capacity() == KEPT && resourceManager() == TABLESPACE) {
      beginning =
          ByteBuffer.allocate(KEPT_OF_TABLESPACE)
              .order(ByteOrder.LITTLE_ENDIAN)
              .put(beginning.flip());
      keep(page, offset + kept, count - kept);
    }
    int ofHeader = (int) Math.max(0, Math.min(count, HEADER - received));
    crc.update(page, offset + ofHeader, count - ofHeader);
    received += count;
  }

  private int keep(byte[] page, int offset, int count) {
    int kept = Math.min(count, beginning.remaining());
    beginning.put(page, offset, kept);
    return kept;
  }

  /// Whether it may turn out to make a tablespace.
  boolean mayMakeTablespace() {
    return received < HEADER || resourceManager() == TABLESPACE;
  }

  /// Whether it may turn out to end a transaction.
  boolean mayEndTransaction() {
    return received < HEADER || resourceManager() == TRANSACTION;
  }

  /// Whether the whole record is what was written. Call once, when nothing remains.
  boolean checksumHolds() {
    crc.update(beginning.array(), 0, CRC_OFFSET);
    return (int) crc.getValue() == beginning.getInt(CRC_OFFSET);
  }

  Lsn previous() {
    return new Lsn(beginning.getLong(8));
  }

  boolean isSwitch() {
    return resourceManager() == XLOG && (info() & 0xF0) == XLOG_SWITCH;
  }

  private int info() {
    return beginning.get(16) & 0xFF;
  }

  private int resourceManager() {
    return beginning.get(17) & 0xFF;
  }

  /// The time, if this ends a transaction.
  Optional<Instant> transactionEnd() {
    if (resourceManager() != TRANSACTION) {
      return Optional.empty();
    }
    return switch (info() & TRANSACTION_OPERATION) {
      // commit, abort, commit prepared, abort prepared
      case 0x00, 0x20, 0x30, 0x40 -> time();
      default -> Optional.empty();
    };
  }

  /// What it makes, if it makes a tablespace.
  Optional<NewTablespace> newTablespace() {
    if (resourceManager() != TABLESPACE || (info() & 0xF0) != TABLESPACE_CREATE) {
      return Optional.empty();
    }
    return mainData(4)
        .map(
            data -> {
              String oid = Integer.toUnsignedString(data.getInt());
              byte[] path = new byte[data.remaining()];
              data.get(path);
              int end = 0;
              while (end < path.length && path[end] != 0) {
                end++;
              }
              return new NewTablespace(start, oid, new String(path, 0, end, UTF_8));
            });
  }

  private Optional<Instant> time() {
    return mainData(8).map(data -> POSTGRES_EPOCH.plus(data.getLong(), ChronoUnit.MICROS));
  }

  /// The beginning of the main data, which follows the headers at once, since these records have no
  /// blocks.
  ///
  /// @param least bytes that it must have
  private Optional<ByteBuffer> mainData(int least) {
    ByteBuffer bytes = beginning.duplicate().order(ByteOrder.LITTLE_ENDIAN).flip();
    bytes.position(HEADER);
    while (bytes.hasRemaining()) {
      int id = bytes.get() & 0xFF;
      int fields =
          switch (id) {
            case ORIGIN -> 2;
            case TOPLEVEL_TRANSACTION, DATA_LONG -> 4;
            case DATA_SHORT -> 1;
            default -> Integer.MAX_VALUE;
          };
      if (fields > bytes.remaining()) {
        return Optional.empty();
      }
      bytes.position(bytes.position() + fields);
      if (id == DATA_SHORT || id == DATA_LONG) {
        return bytes.remaining() < least ? Optional.empty() : Optional.of(bytes);
      }
    }
    return Optional.empty();
  }
}
