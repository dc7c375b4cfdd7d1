package io.pgbackup.engine.embedded;

import io.pgbackup.postgres.Lsn;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// What the header of a page of 8192 bytes says (storage/bufpage.h).
///
/// @param lsn what WAL last changed the page
record PageHeader(Lsn lsn, int flags, int lower, int upper, int special, int sizeAndVersion) {
  static final int PAGE = 8192;
  private static final int HEADER = 24;
  private static final int KNOWN_FLAGS = 7;
  private static final int NEWEST_LAYOUT = 5;

  static PageHeader at(byte[] buffer, int offset) {
    ByteBuffer page =
        ByteBuffer.wrap(buffer, offset, HEADER).slice().order(ByteOrder.LITTLE_ENDIAN);
    return new PageHeader(
        new Lsn((long) page.getInt(0) << 32 | Integer.toUnsignedLong(page.getInt(4))),
        Short.toUnsignedInt(page.getShort(10)),
        Short.toUnsignedInt(page.getShort(12)),
        Short.toUnsignedInt(page.getShort(14)),
        Short.toUnsignedInt(page.getShort(16)),
        Short.toUnsignedInt(page.getShort(18)));
  }

  /// Added to its file and never filled.
  boolean isNew() {
    return upper == 0;
  }

  /// Whether the position can be believed, by WAL-G's rule. Where WAL was skipped it is zero.
  boolean isUsual() {
    return !lsn.equals(Lsn.ZERO)
        && (flags & ~KNOWN_FLAGS) == 0
        && lower >= HEADER
        && lower <= upper
        && upper <= special
        && special <= PAGE
        && (sizeAndVersion & 0xFF00) == PAGE
        && (sizeAndVersion & 0x00FF) <= NEWEST_LAYOUT;
  }

  /// Whether WAL-G, where it restores the newest backup first, takes a page for one that is still
  /// to come.
  static boolean isBlank(byte[] buffer, int offset) {
    for (int i = 0; i < HEADER; i++) {
      if (buffer[offset + i] != 0) {
        return false;
      }
    }
    return true;
  }
}
