package io.pgbackup.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/// A TCP proxy on 127.0.0.1 in front of a server, whose connections die as those do whose other end
/// or way has vanished: nothing passes any more, and neither side is told.
public final class HalfOpenProxy implements AutoCloseable {
  private final int upstream;
  private final ServerSocket listener;
  private final List<Pair> pairs = new CopyOnWriteArrayList<>();

  private HalfOpenProxy(int upstream) {
    this.upstream = upstream;
    try {
      this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofVirtual().name("half-open-proxy").start(this::accept);
  }

  /// @param port of the server on 127.0.0.1
  public static HalfOpenProxy before(int port) {
    return new HalfOpenProxy(port);
  }

  private static final class Pair {
    final Socket client;
    final Socket server;

    /// How much more the client may hear.
    final AtomicLong left = new AtomicLong(Long.MAX_VALUE);

    Pair(Socket client, Socket server) {
      this.client = client;
      this.server = server;
    }

    void toServer() {
      copy(client, server, false);
    }

    void toClient() {
      copy(server, client, true);
    }

    private void copy(Socket from, Socket to, boolean counted) {
      try {
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream();
        byte[] buffer = new byte[8192];
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
          long passes = counted ? left.getAndAdd(-count) : left.get();
          if (passes > 0) {
            out.write(buffer, 0, (int) Math.min(count, passes));
          }
        }
        if (left.get() > 0) {
          to.shutdownOutput();
        }
      } catch (IOException _) {
        // one of them went away
        closeUnlessDead();
      }
    }

    private void closeUnlessDead() {
      if (left.get() > 0) {
        close();
      }
    }

    void close() {
      try (client;
          server) {
        left.set(0);
      } catch (IOException _) {
        // closed is all they have to be
      }
    }
  }

  public int port() {
    return listener.getLocalPort();
  }

  /// The connections of this moment die; new ones live.
  public void die() {
    dieAfter(0);
  }

  /// The connections of this moment die as soon as their client has heard so many bytes more.
  public void dieAfter(long bytes) {
    pairs.forEach(pair -> pair.left.set(bytes));
  }

  private void accept() {
    while (true) {
      try {
        Socket client = listener.accept();
        Pair pair = new Pair(client, new Socket(listener.getInetAddress(), upstream));
        pairs.add(pair);
        Thread.ofVirtual().name("half-open-proxy-up").start(pair::toServer);
        Thread.ofVirtual().name("half-open-proxy-down").start(pair::toClient);
      } catch (IOException _) {
        return;
      }
    }
  }

  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    pairs.forEach(Pair::close);
  }
}
