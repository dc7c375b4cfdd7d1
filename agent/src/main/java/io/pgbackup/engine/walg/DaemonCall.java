package io.pgbackup.engine.walg;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;

/// One request to a daemon over its socket, with a deadline.
final class DaemonCall {
  private DaemonCall() {}

  /// No answer came in time.
  static final class SilenceException extends IOException {
    private static final long serialVersionUID = 1L;

    SilenceException() {
      super("no answer in time");
    }
  }

  /// @throws SilenceException at the deadline
  /// @throws IOException if nobody is there, or what is answered is none of the replies
  static DaemonReply ask(Path socket, DaemonRequest request, Duration deadline)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + deadline.toNanos();
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        Selector selector = Selector.open()) {
      channel.connect(UnixDomainSocketAddress.of(socket));
      channel.configureBlocking(false);
      ByteBuffer message = request.encode();
      while (message.hasRemaining()) {
        channel.write(message);
      }
      channel.register(selector, SelectionKey.OP_READ);
      ByteBuffer answer = ByteBuffer.allocate(1);
      while (true) {
        int read = channel.read(answer);
        if (read != 0) {
          return DaemonReply.of(read < 0 ? -1 : answer.get(0) & 0xFF);
        }
        await(selector, end);
      }
    }
  }

  private static void await(Selector selector, long end) throws IOException, InterruptedException {
    long left = (end - System.nanoTime()) / 1_000_000;
    if (left <= 0) {
      throw new SilenceException();
    }
    selector.select(left);
    selector.selectedKeys().clear();
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
  }
}
