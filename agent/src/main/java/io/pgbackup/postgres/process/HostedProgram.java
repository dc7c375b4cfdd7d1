package io.pgbackup.postgres.process;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pgbackup.problem.Problem;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/// A program in the container beside ours, started by the static client's `run`
/// (docs/socket-protocol.md). What it prints goes to a file; it has no input.
final class HostedProgram extends Process {
  private static final byte RUN = (byte) 0x84;
  private static final byte VERSION = 1;
  private static final int REPLY = 8;
  private static final int OK = 0;

  /// The container beside ours may start after us.
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private static final long RETRY_MILLIS = 100;

  /// What a shell says of a program that was killed.
  private static final int LOST = 137;

  private final Path socket;
  private final long pid;
  private final CompletableFuture<Integer> status = new CompletableFuture<>();

  private HostedProgram(Path socket, long pid) {
    this.socket = socket;
    this.pid = pid;
  }

  /// @param output is appended to; empty for nowhere
  /// @throws IOException if the program cannot be started, or nobody runs it
  static HostedProgram start(Path socket, List<String> command, String output) throws IOException {
    SocketChannel connection = connect(socket);
    try {
      write(connection, request(command, output));
      ByteBuffer reply = reply(connection);
      if (reply.get(1) != OK) {
        throw new IOException("the runner answered with error number " + reply.getInt(4));
      }
      HostedProgram program = new HostedProgram(socket, Integer.toUnsignedLong(reply.getInt(4)));
      Thread.ofVirtual().name("program-" + program.pid).start(() -> program.await(connection));
      return program;
    } catch (IOException | RuntimeException e) {
      connection.close();
      throw e;
    }
  }

  private static SocketChannel connect(Path socket) throws IOException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      SocketChannel connection = SocketChannel.open(StandardProtocolFamily.UNIX);
      try {
        connection.connect(UnixDomainSocketAddress.of(socket));
        return connection;
      } catch (IOException e) {
        connection.close();
        if (System.nanoTime() - deadline > 0) {
          throw new IOException(
              "nobody runs programs at %s: %s".formatted(socket, e.getMessage()), e);
        }
        pause();
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(RETRY_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Problem.timedOut("interrupted while a program was started", "Run the command again.")
          .causedBy(e);
    }
  }

  private static ByteBuffer request(List<String> command, String output) {
    var words = new ByteArrayOutputStream();
    words.writeBytes(output.getBytes(UTF_8));
    words.write(0);
    for (String word : command) {
      words.writeBytes(word.getBytes(UTF_8));
      words.write(0);
    }
    return ByteBuffer.allocate(REPLY + words.size())
        .put(RUN)
        .put(VERSION)
        .putShort((short) (command.size() + 1))
        .putInt(words.size())
        .put(words.toByteArray())
        .flip();
  }

  private static void write(SocketChannel connection, ByteBuffer octets) throws IOException {
    while (octets.hasRemaining()) {
      connection.write(octets);
    }
  }

  private static ByteBuffer reply(SocketChannel connection) throws IOException {
    ByteBuffer octets = ByteBuffer.allocate(REPLY);
    while (octets.hasRemaining()) {
      if (connection.read(octets) < 0) {
        throw new EOFException("the runner closed the connection");
      }
    }
    return octets;
  }

  private void await(SocketChannel connection) {
    try (connection) {
      status.complete(reply(connection).getInt(4));
    } catch (IOException _) {
      // the container beside ours has ended, and everything in it
      status.complete(LOST);
    }
  }

  @Override
  public long pid() {
    return pid;
  }

  @Override
  public boolean isAlive() {
    return !status.isDone();
  }

  @Override
  public int waitFor() throws InterruptedException {
    try {
      return status.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public int exitValue() {
    if (!status.isDone()) {
      throw new IllegalThreadStateException("it runs");
    }
    return status.join();
  }

  @Override
  public void destroy() {
    try {
      var _ = start(socket, List.of("/bin/sh", "-c", "kill -KILL \"$0\"", Long.toString(pid)), "");
    } catch (IOException _) {
      // without its runner it does not run either
    }
  }

  @Override
  public OutputStream getOutputStream() {
    return OutputStream.nullOutputStream();
  }

  @Override
  public InputStream getInputStream() {
    return InputStream.nullInputStream();
  }

  @Override
  public InputStream getErrorStream() {
    return InputStream.nullInputStream();
  }
}
