package io.pgbackup.archive;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Optional;

/// Reads the next request's head from a connection. Lengths are checked before anything is
/// allocated for them, so foreign octets cost at most 64 KiB.
final class RequestReader {
  private final ReadableByteChannel channel;

  RequestReader(ReadableByteChannel channel) {
    this.channel = channel;
  }

  /// The operation octet, or nothing where the client closed instead of asking.
  Optional<Integer> operation() throws IOException {
    ByteBuffer octet = ByteBuffer.allocate(1);
    while (octet.hasRemaining()) {
      if (channel.read(octet) < 0) {
        return Optional.empty();
      }
    }
    return Optional.of(Byte.toUnsignedInt(octet.get(0)));
  }

  /// @param operation the octet that was read already
  /// @throws BadRequestException if no such request exists
  /// @throws EOFException if the client closed in the middle of it
  SocketRequest request(int operation) throws IOException {
    return (operation & SocketProtocol.OURS) == 0
        ? daemonRequest(operation)
        : ourRequest(operation);
  }

  private SocketRequest ourRequest(int operation) throws IOException {
    int version = Byte.toUnsignedInt(Wire.readFully(channel, 1).get());
    if (version != SocketProtocol.VERSION) {
      throw new BadRequestException(
          "version %d of the protocol is not spoken here, only %d"
              .formatted(version, SocketProtocol.VERSION));
    }
    ByteBuffer head = Wire.readFully(channel, SocketProtocol.REQUEST_HEAD - 2);
    int nameLength = Short.toUnsignedInt(head.getShort());
    int uidLength = Short.toUnsignedInt(head.getShort());
    long size = head.getLong();
    limit("a name", nameLength, SocketProtocol.MAX_NAME);
    limit("a UID", uidLength, SocketProtocol.MAX_UID);
    limit("content", size, SocketProtocol.MAX_CONTENT);
    String name = text(nameLength);
    String uid = text(uidLength);
    if (operation != SocketProtocol.PUSH && size != 0) {
      throw new BadRequestException("only a push carries content");
    }
    return switch (operation) {
      case SocketProtocol.PUSH -> new SocketRequest.Push(name, uid, size);
      case SocketProtocol.FETCH -> new SocketRequest.Fetch(name, uid);
      case SocketProtocol.FETCH_OR_TAKE -> new SocketRequest.FetchOrTake(name, uid);
      case SocketProtocol.PING -> new SocketRequest.Ping();
      default -> throw unknown(operation);
    };
  }

  private static void limit(String what, long length, long most) throws BadRequestException {
    if (length < 0 || length > most) {
      throw new BadRequestException(
          "%s has at most %d octets, got %s".formatted(what, most, Long.toUnsignedString(length)));
    }
  }

  private String text(int length) throws IOException {
    return UTF_8.decode(Wire.readFully(channel, length)).toString();
  }

  private SocketRequest daemonRequest(int operation) throws IOException {
    int length = Short.toUnsignedInt(Wire.readFully(channel, 2).getShort());
    if (length < SocketProtocol.DAEMON_HEAD) {
      throw new BadRequestException("a message has at least 3 octets, got " + length);
    }
    ByteBuffer body = Wire.readFully(channel, length - SocketProtocol.DAEMON_HEAD);
    return switch (operation) {
      case SocketProtocol.DAEMON_CHECK -> new SocketRequest.Check();
      case SocketProtocol.DAEMON_PUSH ->
          new SocketRequest.PushByName(UTF_8.decode(body).toString());
      case SocketProtocol.DAEMON_FETCH -> {
        if (!body.hasRemaining() || body.get() != 2) {
          throw new BadRequestException("a fetch has two arguments");
        }
        yield new SocketRequest.FetchByName(argument(body), argument(body));
      }
      default -> throw unknown(operation);
    };
  }

  private static String argument(ByteBuffer body) throws BadRequestException {
    if (body.remaining() >= 2) {
      int length = Short.toUnsignedInt(body.getShort());
      if (length <= body.remaining()) {
        ByteBuffer octets = body.slice(body.position(), length);
        body.position(body.position() + length);
        return UTF_8.decode(octets).toString();
      }
    }
    throw new BadRequestException("an argument is longer than the message");
  }

  private static BadRequestException unknown(int operation) {
    return new BadRequestException("unknown operation 0x%02X".formatted(operation));
  }
}
