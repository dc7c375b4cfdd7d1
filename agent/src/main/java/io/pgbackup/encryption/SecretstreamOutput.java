package io.pgbackup.encryption;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Objects;

/// Encrypts what is written to it. A stream always ends with a chunk that is not full, if need be
/// with an empty one: WAL-G takes a full last chunk for a truncated stream.
final class SecretstreamOutput extends OutputStream {
  private final OutputStream sink;
  private final Secretstream stream = new Secretstream();
  private final byte[] chunk = new byte[Secretstream.CHUNK];
  private final byte[] stored = new byte[Secretstream.CHUNK + Secretstream.OVERHEAD];
  private int length;
  private boolean open = true;

  SecretstreamOutput(OutputStream sink, byte[] key) throws IOException {
    this.sink = sink;
    sink.write(stream.begin(key));
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int count) throws IOException {
    Objects.checkFromIndexSize(offset, count, bytes.length);
    if (!open) {
      throw new IOException("the stream is closed");
    }
    int from = offset;
    while (from < offset + count) {
      int part = Math.min(chunk.length - length, offset + count - from);
      System.arraycopy(bytes, from, chunk, length, part);
      length += part;
      from += part;
      if (length == chunk.length) {
        push(false);
      }
    }
  }

  private void push(boolean finished) throws IOException {
    stream.push(chunk, length, finished, stored);
    sink.write(stored, 0, length + Secretstream.OVERHEAD);
    length = 0;
  }

  @Override
  public void close() throws IOException {
    if (!open) {
      return;
    }
    open = false;
    try (sink) {
      push(true);
    }
  }
}
