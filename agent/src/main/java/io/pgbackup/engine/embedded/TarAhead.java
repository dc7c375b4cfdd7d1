package io.pgbackup.engine.embedded;

import io.pgbackup.crypto.BulkInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/// Reads a stream on a thread of its own, at most 1 MiB ahead, so that fetching and decompressing
/// one large tar and writing it to the disk share two cores. Fails where and as the stream fails.
///
/// To be read and closed by one thread.
final class TarAhead extends BulkInputStream {
  private static final int CHUNK = 256 << 10;
  private static final int CHUNKS = 4;

  /// @param length of what was read, -1 at the end or with a failure
  private record Chunk(byte[] bytes, int length, @Nullable Throwable failure) {}

  private final InputStream source;
  private final BlockingQueue<Chunk> filled = new ArrayBlockingQueue<>(CHUNKS + 1);
  private final BlockingQueue<byte[]> free = new ArrayBlockingQueue<>(CHUNKS);
  private final Thread reader;
  private Chunk current = new Chunk(new byte[0], 0, null);
  private int at;

  private TarAhead(InputStream source, String thread) {
    this.source = source;
    for (int i = 0; i < CHUNKS; i++) {
      free.add(new byte[CHUNK]);
    }
    this.reader = Thread.ofPlatform().daemon().name(thread).unstarted(this::readAll);
  }

  /// @param source closed with what is returned
  static TarAhead of(InputStream source, String thread) {
    var ahead = new TarAhead(source, thread);
    ahead.reader.start();
    return ahead;
  }

  private void readAll() {
    try {
      for (int length = 0; length >= 0; ) {
        byte[] bytes = free.take();
        int read = source.readNBytes(bytes, 0, bytes.length);
        length = read == 0 ? -1 : read;
        filled.put(new Chunk(bytes, length, null));
      }
    } catch (InterruptedException _) {
      // closed: nobody reads on
    } catch (Throwable e) {
      // there is a place for one more than there are arrays
      filled.add(new Chunk(new byte[0], -1, e));
    }
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    if (length == 0) {
      return 0;
    }
    if (at == current.length()) {
      next();
    }
    if (current.length() < 0) {
      throwFailure();
      return -1;
    }
    int count = Math.min(length, current.length() - at);
    System.arraycopy(current.bytes(), at, bytes, offset, count);
    at += count;
    return count;
  }

  private void next() throws InterruptedIOException {
    if (current.bytes().length == CHUNK) {
      free.add(current.bytes());
    }
    try {
      current = filled.take();
      at = 0;
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }

  private void throwFailure() throws IOException {
    switch (current.failure()) {
      case null -> {}
      case IOException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case Throwable e -> throw new IOException(e);
    }
  }

  /// Waits for the thread: until then it may be in the midst of a read.
  @Override
  public void close() throws IOException {
    reader.interrupt();
    boolean interrupted = false;
    while (reader.isAlive()) {
      try {
        reader.join();
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    source.close();
  }
}
