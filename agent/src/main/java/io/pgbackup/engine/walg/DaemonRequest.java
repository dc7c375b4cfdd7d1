package io.pgbackup.engine.walg;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;

/// What WAL-G's daemon understands: one type octet, a big-endian length that counts its own three
/// octets, then the body.
sealed interface DaemonRequest {
  /// Is anybody there?
  record Check() implements DaemonRequest {}

  /// @param name of a file in `pg_wal` of the daemon's PGDATA: the bare name, because a path is
  ///   taken apart wrongly
  record Push(String name) implements DaemonRequest {}

  /// @param destination relative to the daemon's PGDATA
  record Fetch(String name, String destination) implements DaemonRequest {}

  default ByteBuffer encode() {
    return switch (this) {
      case Check _ -> frame('C', new byte[0]);
      case Push(String name) -> frame('F', name.getBytes(US_ASCII));
      case Fetch(String name, String destination) -> frame('f', counted(name, destination));
    };
  }

  private static byte[] counted(String... arguments) {
    int length = 1;
    for (String argument : arguments) {
      length += 2 + argument.length();
    }
    ByteBuffer body = ByteBuffer.allocate(length).put((byte) arguments.length);
    for (String argument : arguments) {
      body.putShort((short) argument.length()).put(argument.getBytes(US_ASCII));
    }
    return body.array();
  }

  private static ByteBuffer frame(char type, byte[] body) {
    return ByteBuffer.allocate(3 + body.length)
        .put((byte) type)
        .putShort((short) (3 + body.length))
        .put(body)
        .flip();
  }
}
