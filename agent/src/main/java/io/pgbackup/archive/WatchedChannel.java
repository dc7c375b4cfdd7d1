package io.pgbackup.archive;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;

/// A connection that closes itself once no octet has moved for too long: a Unix-domain channel has
/// no timeouts of its own. For one thread.
final class WatchedChannel implements ByteChannel {
  private final SocketChannel channel;
  private final Thread watch;
  private volatile long moved = System.nanoTime();

  private WatchedChannel(SocketChannel channel, Duration patience) {
    this.channel = channel;
    this.watch = Thread.ofVirtual().name("archive-patience").unstarted(() -> watch(patience));
  }

  static WatchedChannel connect(Path socket, Duration patience) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    var watched = new WatchedChannel(channel, patience);
    watched.watch.start();
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
      return watched;
    } catch (IOException | RuntimeException e) {
      watched.close();
      throw e;
    }
  }

  private void watch(Duration patience) {
    try {
      while (channel.isOpen()) {
        long left = patience.toNanos() - (System.nanoTime() - moved);
        if (left <= 0) {
          Deadlines.close(channel);
        } else {
          Thread.sleep(Duration.ofNanos(left));
        }
      }
    } catch (InterruptedException _) {
      // the conversation is over
    }
  }

  @Override
  public int read(ByteBuffer octets) throws IOException {
    int count = channel.read(octets);
    moved = System.nanoTime();
    return count;
  }

  @Override
  public int write(ByteBuffer octets) throws IOException {
    int count = channel.write(octets);
    moved = System.nanoTime();
    return count;
  }

  void shutdownOutput() throws IOException {
    channel.shutdownOutput();
  }

  @Override
  public boolean isOpen() {
    return channel.isOpen();
  }

  @Override
  public void close() throws IOException {
    watch.interrupt();
    channel.close();
  }
}
