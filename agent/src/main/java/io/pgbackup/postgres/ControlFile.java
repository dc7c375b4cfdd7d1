package io.pgbackup.postgres;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/// What `global/pg_control` says (src/include/catalog/pg_control.h): a C structure in the byte
/// order of its machine, with a CRC32C over all that stands before it.
///
/// Read for versions 14 to 18: `pg_control_version` 1300 (14 to 16), 1700 (17) and 1800 (18). The
/// fields up to the checksum version lie alike in all three; 18 adds one byte after it, so its CRC
/// lies four bytes later.
///
/// @param checkpoint position of the last checkpoint record
/// @param redo where recovery from that checkpoint begins
/// @param timeline of that checkpoint
/// @param floors what a standby's settings must at least be
/// @param checksums whether data pages carry checksums
public record ControlFile(
    SystemIdentifier systemIdentifier,
    int controlVersion,
    State state,
    Lsn checkpoint,
    Lsn redo,
    Timeline timeline,
    Floors floors,
    WalSegmentSize segmentSize,
    boolean checksums) {
  public static final String PATH = "global/pg_control";

  /// `DBState`, in its order.
  public enum State {
    STARTING_UP,
    SHUT_DOWN,
    SHUT_DOWN_IN_RECOVERY,
    SHUTTING_DOWN,
    IN_CRASH_RECOVERY,
    IN_ARCHIVE_RECOVERY,
    IN_PRODUCTION
  }

  /// Settings of the server that wrote the WAL; recovery may fail with less.
  public record Floors(
      int maxConnections,
      int maxWorkerProcesses,
      int maxWalSenders,
      int maxPreparedTransactions,
      int maxLocksPerTransaction) {}

  private static final int STATE = 16;
  private static final int CHECKPOINT = 32;
  private static final int REDO = 40;
  private static final int CHECKPOINT_TIMELINE = 48;
  private static final int MAX_CONNECTIONS = 180;
  private static final int SEGMENT_SIZE = 228;
  private static final int CHECKSUM_VERSION = 252;
  private static final int CRC_BEFORE_18 = 288;
  private static final int CRC_SINCE_18 = 292;

  /// @throws IllegalArgumentException if the version is unknown, the file is too short, or its CRC
  ///   does not hold (it may be half written)
  public static ControlFile parse(byte[] content) {
    if (content.length < CRC_SINCE_18 + Integer.BYTES) {
      throw new IllegalArgumentException("pg_control has only " + content.length + " bytes");
    }
    ByteBuffer bytes = ByteBuffer.wrap(content).order(ByteOrder.nativeOrder());
    int version = bytes.getInt(8);
    int crcAt = crcPosition(version);
    CRC32C crc = new CRC32C();
    crc.update(content, 0, crcAt);
    if ((int) crc.getValue() != bytes.getInt(crcAt)) {
      throw new IllegalArgumentException("the checksum of pg_control does not hold");
    }
    return new ControlFile(
        new SystemIdentifier(bytes.getLong(0)),
        version,
        state(bytes.getInt(STATE)),
        new Lsn(bytes.getLong(CHECKPOINT)),
        new Lsn(bytes.getLong(REDO)),
        new Timeline(Integer.toUnsignedLong(bytes.getInt(CHECKPOINT_TIMELINE))),
        floors(bytes),
        new WalSegmentSize(bytes.getInt(SEGMENT_SIZE)),
        bytes.getInt(CHECKSUM_VERSION) != 0);
  }

  private static int crcPosition(int version) {
    return switch (version) {
      case 1300, 1700 -> CRC_BEFORE_18;
      case 1800 -> CRC_SINCE_18;
      default ->
          throw new IllegalArgumentException(
              "pg_control has version %d, which is not of PostgreSQL 14 to 18".formatted(version));
    };
  }

  private static State state(int number) {
    State[] states = State.values();
    if (number < 0 || number >= states.length) {
      throw new IllegalArgumentException("pg_control has an unknown state " + number);
    }
    return states[number];
  }

  private static Floors floors(ByteBuffer bytes) {
    return new Floors(
        bytes.getInt(MAX_CONNECTIONS),
        bytes.getInt(MAX_CONNECTIONS + 4),
        bytes.getInt(MAX_CONNECTIONS + 8),
        bytes.getInt(MAX_CONNECTIONS + 12),
        bytes.getInt(MAX_CONNECTIONS + 16));
  }
}
