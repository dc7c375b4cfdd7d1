package io.pgbackup.archive;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/// Speaks to a socket octet by octet, as clients of other makes do.
record TestClient(SocketChannel channel) implements AutoCloseable {
  static TestClient connect(Path socket) throws IOException {
    return new TestClient(SocketChannel.open(UnixDomainSocketAddress.of(socket)));
  }

  TestClient send(SocketRequest request) throws IOException {
    Wire.writeFully(channel, request.encode());
    return this;
  }

  TestClient send(byte[] octets) throws IOException {
    Wire.writeFully(channel, ByteBuffer.wrap(octets));
    return this;
  }

  TestClient push(String name, String uid, byte[] content) throws IOException {
    send(new SocketRequest.Push(name, uid, content.length));
    try {
      Wire.writeContent(channel, content);
    } catch (IOException _) {
      // the agent may answer and close before it has read everything
    }
    return this;
  }

  SocketReply reply() throws IOException {
    return SocketReply.read(channel, false);
  }

  byte[] delivered() throws IOException {
    if (SocketReply.read(channel, true) instanceof SocketReply.Delivered(var size)) {
      byte[] content = new byte[(int) size];
      Wire.readContent(channel, content);
      return content;
    }
    throw new IllegalStateException("nothing was delivered");
  }

  char octet() throws IOException {
    return (char) Wire.readFully(channel, 1).get();
  }

  /// Whether the agent has closed, which this waits for.
  boolean ended() throws IOException {
    return channel.read(ByteBuffer.allocate(1)) < 0;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
