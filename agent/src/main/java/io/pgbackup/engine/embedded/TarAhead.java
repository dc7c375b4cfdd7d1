package io.pgbackup.engine.embedded;

import io.pgbackup.crypto.BulkInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.List;
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

  /// What was read; nothing at the end, and with a failure.
  private static final class Chunk {
    private final byte[] bytes;
    private final int length;
    private final @Nullable Throwable failure;
    private int at;

    private Chunk(byte[] bytes, int length, @Nullable Throwable failure) {
      this.bytes = bytes;
      this.length = length;
      this.failure = failure;
    }
  }

  private final InputStream source;
  private final BlockingQueue<Chunk> filled = new ArrayBlockingQueue<>(CHUNKS + 1);
  private final BlockingQueue<byte[]> free = new ArrayBlockingQueue<>(CHUNKS);
  private final Thread reader;
  private @Nullable Chunk current;

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
      boolean ended = false;
      while (!ended) {
        byte[] bytes = free.take();
        int length = source.readNBytes(bytes, 0, CHUNK);
        ended = length == 0;
        filled.put(new Chunk(bytes, length, null));
      }
    } catch (InterruptedException _) {
      // closed: nobody reads on
    } catch (Throwable e) {
      // there is a place for one more than there are arrays
      filled.add(new Chunk(new byte[0], 0, e));
    }
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    if (length == 0) {
      return 0;
    }
    if (current == null) {
      current = next();
    }
    Chunk chunk = current;
    if (chunk.length == 0) {
      throwFailure(chunk.failure);
      return -1;
    }
    int count = Math.min(length, chunk.length - chunk.at);
    System.arraycopy(chunk.bytes, chunk.at, bytes, offset, count);
    chunk.at += count;
    if (chunk.at == chunk.length) {
      free.add(chunk.bytes);
      current = null;
    }
    return count;
  }

  private Chunk next() throws InterruptedIOException {
    try {
      return filled.take();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }

  private static void throwFailure(@Nullable Throwable failure) throws IOException {
    switch (failure) {
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
    Threads.stop(List.of(reader));
    source.close();
  }
}
