package io.pgbackup.archive;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.CodingErrorAction;

/// What the agent answers. WAL-G's clients get one octet, ours a status and a sentence.
sealed interface SocketReply {
  /// Done: for a push, the store has confirmed the object.
  record Done() implements SocketReply {}

  /// The file's content follows, then its CRC32C.
  record Delivered(long size) implements SocketReply {}

  /// The file lies there, a file of the server's user, and is the client's to rename. No content
  /// follows unless the client asks for it with [SocketProtocol#SEND_IT].
  ///
  /// @param path as the agent sees it
  /// @param size octets
  record Offered(String path, long size) implements SocketReply {}

  /// The store proved that it has no such file.
  record Absent(String text) implements SocketReply {}

  /// Carrying on could lose or overwrite something; a retry will not help.
  record Refused(String text) implements SocketReply {}

  /// The store, or the agent, did not do its part; a retry may help.
  record Failed(String text) implements SocketReply {}

  /// The request was not understood.
  record BadRequest(String text) implements SocketReply {}

  static SocketReply to(Problem problem) {
    String text =
        problem.hint().map(hint -> problem.message() + ". " + hint).orElse(problem.message());
    return switch (problem) {
      case Problem.Refused _, Problem.VerificationFailed _ -> new Refused(text);
      // "not found" here is a bucket or a folder: only a listing without the file proves absence
      case Problem.NotFound _,
          Problem.Misconfigured _,
          Problem.StorageFailed _,
          Problem.PostgresFailed _,
          Problem.TimedOut _,
          Problem.Bug _ ->
          new Failed(text);
    };
  }

  default int status() {
    return switch (this) {
      case Done _, Delivered _ -> 0;
      case Absent _ -> 1;
      case Refused _ -> 2;
      case Failed _ -> 3;
      case BadRequest _ -> 4;
      case Offered _ -> 5;
    };
  }

  default String text() {
    return switch (this) {
      case Done _, Delivered _ -> "";
      case Absent(var text) -> text;
      case Refused(var text) -> text;
      case Failed(var text) -> text;
      case BadRequest(var text) -> text;
      case Offered(var path, _) -> path;
    };
  }

  private long size() {
    return switch (this) {
      case Delivered(var size) -> size;
      case Offered(_, var size) -> size;
      case Done _, Absent _, Refused _, Failed _, BadRequest _ -> 0;
    };
  }

  /// WAL-G's octet.
  default ByteBuffer encodeForDaemonClient() {
    byte octet =
        switch (this) {
          case Done _, Delivered _, Offered _ -> 'O';
          case Absent _ -> 'N';
          case Refused _, Failed _, BadRequest _ -> 'E';
        };
    return ByteBuffer.wrap(new byte[] {octet});
  }

  /// Our reply's octets, ready to be read, without content.
  default ByteBuffer encode() {
    ByteBuffer text = bounded(text());
    return ByteBuffer.allocate(SocketProtocol.REPLY_HEAD + text.remaining())
        .put((byte) SocketProtocol.VERSION)
        .put((byte) status())
        .putShort((short) text.remaining())
        .putLong(size())
        .put(text)
        .flip();
  }

  /// UTF-8, cut between two characters.
  private static ByteBuffer bounded(String text) {
    ByteBuffer octets = ByteBuffer.allocate(SocketProtocol.MAX_TEXT);
    UTF_8
        .newEncoder()
        .onMalformedInput(CodingErrorAction.REPLACE)
        .onUnmappableCharacter(CodingErrorAction.REPLACE)
        .encode(CharBuffer.wrap(text), octets, true);
    return octets.flip();
  }

  /// Reads our reply's head; where content follows, it is still to be read.
  ///
  /// @param fetch whether the request was a fetch, whose success carries content
  /// @throws BadRequestException if something else than an agent answers on this socket
  static SocketReply read(ReadableByteChannel channel, boolean fetch) throws IOException {
    int version = Byte.toUnsignedInt(Wire.readFully(channel, 1).get());
    if (version != SocketProtocol.VERSION) {
      throw new BadRequestException(
          "whoever answers on the socket is no pgbackup agent of version "
              + SocketProtocol.VERSION);
    }
    ByteBuffer head = Wire.readFully(channel, SocketProtocol.REPLY_HEAD - 1);
    int status = Byte.toUnsignedInt(head.get());
    int textLength = Short.toUnsignedInt(head.getShort());
    long size = head.getLong();
    if (textLength > SocketProtocol.MAX_TEXT || size < 0 || size > SocketProtocol.MAX_CONTENT) {
      throw new BadRequestException("the reply has lengths beyond the protocol's limits");
    }
    String text = UTF_8.decode(Wire.readFully(channel, textLength)).toString();
    return switch (status) {
      case 0 -> fetch ? new Delivered(size) : new Done();
      case 1 -> new Absent(text);
      case 2 -> new Refused(text);
      case 3 -> new Failed(text);
      case 4 -> new BadRequest(text);
      case 5 -> new Offered(text, size);
      default -> throw new BadRequestException("unknown status %d in the reply".formatted(status));
    };
  }
}
