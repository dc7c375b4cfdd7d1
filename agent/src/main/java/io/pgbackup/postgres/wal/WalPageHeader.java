package io.pgbackup.postgres.wal;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.Timeline;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.OptionalInt;

/// The header of one WAL page (xlog_internal.h, `XLogPageHeaderData`), little-endian as on every
/// platform that PostgreSQL is packaged for. Immutable.
///
/// @param majorVersion told by the page's magic number
/// @param timeline the one that was written when the page was begun; in the first segment of a new
///   timeline the copied pages still name the old one
/// @param address position of the page's first byte
/// @param remainingLength bytes of a record from earlier pages that go on here
/// @param segmentStart only on the first page of a segment
record WalPageHeader(
    int majorVersion,
    int info,
    Timeline timeline,
    Lsn address,
    long remainingLength,
    Optional<SegmentStart> segmentStart) {
  private static final int CONTINUES_RECORD = 0x0001;
  private static final int LONG = 0x0002;
  private static final int OVERWRITES_RECORD = 0x0008;
  private static final int ALL_FLAGS = 0x000F;

  private static final int SHORT_SIZE = 24;
  static final int LONG_SIZE = 40;

  /// The part that only a segment's first page has (`XLogLongPageHeaderData`), as it stands there.
  record SegmentStart(SystemIdentifier systemIdentifier, long segmentSize, long pageSize) {}

  /// @param page at least [#LONG_SIZE] bytes
  /// @return nothing if this is no header of a version that is known
  static Optional<WalPageHeader> parse(byte[] page) {
    ByteBuffer bytes = ByteBuffer.wrap(page).order(ByteOrder.LITTLE_ENDIAN);
    OptionalInt major = majorVersion(bytes.getShort(0) & 0xFFFF);
    int info = bytes.getShort(2) & 0xFFFF;
    long timeline = bytes.getInt(4) & 0xFFFF_FFFFL;
    if (major.isEmpty() || (info & ~ALL_FLAGS) != 0 || timeline == 0) {
      return Optional.empty();
    }
    return Optional.of(
        new WalPageHeader(
            major.getAsInt(),
            info,
            new Timeline(timeline),
            new Lsn(bytes.getLong(8)),
            bytes.getInt(16) & 0xFFFF_FFFFL,
            (info & LONG) == 0
                ? Optional.empty()
                : Optional.of(
                    new SegmentStart(
                        new SystemIdentifier(bytes.getLong(24)),
                        bytes.getInt(32) & 0xFFFF_FFFFL,
                        bytes.getInt(36) & 0xFFFF_FFFFL))));
  }

  /// `XLOG_PAGE_MAGIC` as each major version was released with it.
  private static OptionalInt majorVersion(int magic) {
    return switch (magic) {
      case 0xD10D -> OptionalInt.of(14);
      case 0xD110 -> OptionalInt.of(15);
      case 0xD113 -> OptionalInt.of(16);
      case 0xD116 -> OptionalInt.of(17);
      case 0xD118 -> OptionalInt.of(18);
      default -> OptionalInt.empty();
    };
  }

  boolean continuesRecord() {
    return (info & CONTINUES_RECORD) != 0;
  }

  /// After a crash: the record that earlier pages began was never finished and is to be forgotten.
  boolean overwritesRecord() {
    return (info & OVERWRITES_RECORD) != 0;
  }

  int size() {
    return segmentStart.isPresent() ? LONG_SIZE : SHORT_SIZE;
  }
}
