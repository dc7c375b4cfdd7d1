package io.pgbackup.archive;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;

/// What a client asks, as it stands on the wire before any content. The first three are WAL-G's
/// daemon protocol (3.0.9), the others ours. Names and destinations are foreign text that nobody
/// has checked yet.
sealed interface SocketRequest {
  /// Is anybody there? WAL-G's only request after which the connection stays open.
  record Check() implements SocketRequest {}

  /// Push `pg_wal/<name>` of the data directory that the agent sees.
  record PushByName(String name) implements SocketRequest {}

  /// Write the file to a destination inside the data directory that the agent sees.
  record FetchByName(String name, String destination) implements SocketRequest {}

  /// Push the content that follows.
  ///
  /// @param uid the sender's lineage, empty for unknown
  /// @param size octets of content, which their CRC32C follows
  record Push(String name, String uid, long size) implements SocketRequest {}

  /// Send the file's content back.
  record Fetch(String name, String uid) implements SocketRequest {}

  /// Send the file's content back, or say where it lies for the client to rename.
  record FetchOrTake(String name, String uid) implements SocketRequest {}

  /// Is an agent there that speaks our requests?
  record Ping() implements SocketRequest {}

  /// Whether the reply is WAL-G's single octet.
  default boolean daemon() {
    return switch (this) {
      case Check _, PushByName _, FetchByName _ -> true;
      case Push _, Fetch _, FetchOrTake _, Ping _ -> false;
    };
  }

  /// The request's octets, ready to be read, without content.
  default ByteBuffer encode() {
    return switch (this) {
      case Check() -> daemonFrame(SocketProtocol.DAEMON_CHECK, new byte[0]);
      case PushByName(var name) -> daemonFrame(SocketProtocol.DAEMON_PUSH, name.getBytes(UTF_8));
      case FetchByName(var name, var destination) ->
          daemonFrame(SocketProtocol.DAEMON_FETCH, twoArguments(name, destination));
      case Push(var name, var uid, var size) -> frame(SocketProtocol.PUSH, name, uid, size);
      case Fetch(var name, var uid) -> frame(SocketProtocol.FETCH, name, uid, 0);
      case FetchOrTake(var name, var uid) -> frame(SocketProtocol.FETCH_OR_TAKE, name, uid, 0);
      case Ping() -> frame(SocketProtocol.PING, "", "", 0);
    };
  }

  private static ByteBuffer frame(int operation, String name, String uid, long size) {
    byte[] nameOctets = name.getBytes(UTF_8);
    byte[] uidOctets = uid.getBytes(UTF_8);
    return ByteBuffer.allocate(SocketProtocol.REQUEST_HEAD + nameOctets.length + uidOctets.length)
        .put((byte) operation)
        .put((byte) SocketProtocol.VERSION)
        .putShort((short) nameOctets.length)
        .putShort((short) uidOctets.length)
        .putLong(size)
        .put(nameOctets)
        .put(uidOctets)
        .flip();
  }

  private static ByteBuffer daemonFrame(int operation, byte[] body) {
    int length = SocketProtocol.DAEMON_HEAD + body.length;
    return ByteBuffer.allocate(length)
        .put((byte) operation)
        .putShort((short) length)
        .put(body)
        .flip();
  }

  private static byte[] twoArguments(String first, String second) {
    byte[] one = first.getBytes(UTF_8);
    byte[] two = second.getBytes(UTF_8);
    return ByteBuffer.allocate(1 + 2 + one.length + 2 + two.length)
        .put((byte) 2)
        .putShort((short) one.length)
        .put(one)
        .putShort((short) two.length)
        .put(two)
        .array();
  }
}
