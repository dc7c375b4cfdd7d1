package io.pgbackup.engine.walg;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.ToIntFunction;

/// Answers on a socket in the place of WAL-G's daemon, as badly as a test wants. Checks are always
/// answered well.
final class StandInDaemon implements AutoCloseable {
  /// Never answers.
  static final int SILENCE = -1;

  /// Hangs up.
  static final int END = -2;

  private final ServerSocketChannel server;
  private final Path socket;
  private final ToIntFunction<Character> answers;

  /// @param answers the octet for a push (`F`) or a fetch (`f`)
  StandInDaemon(Path socket, ToIntFunction<Character> answers) throws IOException {
    this.socket = socket;
    this.answers = answers;
    this.server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket));
    Thread.ofVirtual().name("stand-in-daemon").start(this::serve);
  }

  private void serve() {
    while (true) {
      try {
        SocketChannel client = server.accept();
        Thread.ofVirtual().start(() -> converse(client));
      } catch (ClosedChannelException _) {
        return;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private void converse(SocketChannel client) {
    try (client) {
      ByteBuffer head = read(client, 3);
      char type = (char) head.get();
      read(client, head.getShort() - 3);
      int answer = type == 'C' ? 'O' : answers.applyAsInt(type);
      if (answer == SILENCE) {
        read(client, 1);
      } else if (answer != END) {
        client.write(ByteBuffer.wrap(new byte[] {(byte) answer}));
      }
    } catch (IOException _) {
      // the engine has hung up
    }
  }

  private static ByteBuffer read(SocketChannel client, int count) throws IOException {
    ByteBuffer octets = ByteBuffer.allocate(count);
    while (octets.hasRemaining()) {
      if (client.read(octets) < 0) {
        throw new IOException("end");
      }
    }
    return octets.flip();
  }

  @Override
  public void close() throws IOException {
    server.close();
    Files.deleteIfExists(socket);
  }
}
