package io.pgbackup.engine.walg;

import java.io.EOFException;
import java.io.IOException;

/// The one octet that WAL-G's daemon answers.
enum DaemonReply {
  OK,
  /// It says that the archive has no such file.
  ABSENT,
  FAILED;

  /// @param octet as read, -1 for the end
  static DaemonReply of(int octet) throws IOException {
    return switch (octet) {
      case 'O' -> OK;
      case 'N' -> ABSENT;
      case 'E' -> FAILED;
      case -1 -> throw new EOFException("the daemon closed the connection before it answered");
      default -> throw new IOException("the daemon sent an unknown reply 0x%02X".formatted(octet));
    };
  }
}
