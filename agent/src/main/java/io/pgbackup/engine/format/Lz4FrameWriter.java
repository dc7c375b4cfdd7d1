package io.pgbackup.engine.format;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.xxhash.StreamingXXHash32;
import net.jpountz.xxhash.XXHashFactory;

/// Writes one LZ4 frame bit by bit, the same as [Lz4Frame] makes of bytes that are all at hand. The
/// library's own stream does the same and clears its block of several megabytes after each, which
/// took longer than compressing it.
///
/// Not thread-safe. Closing it ends the frame and closes the sink.
final class Lz4FrameWriter extends OutputStream {
  private final OutputStream sink;
  private final LZ4Compressor compressor = LZ4Factory.fastestInstance().fastCompressor();
  private final StreamingXXHash32 sum = XXHashFactory.fastestInstance().newStreamingHash32(0);
  private final byte[] block = new byte[Lz4Frame.BLOCK];
  private final ByteBuffer packed =
      ByteBuffer.allocate(Integer.BYTES + compressor.maxCompressedLength(Lz4Frame.BLOCK))
          .order(ByteOrder.LITTLE_ENDIAN);
  private int filled;
  private boolean closed;

  Lz4FrameWriter(OutputStream sink) throws IOException {
    this.sink = sink;
    sink.write(Lz4Frame.HEADER);
  }

  @Override
  public void write(int octet) throws IOException {
    write(new byte[] {(byte) octet}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    if (closed) {
      throw new IOException("the frame has ended");
    }
    for (int written = 0; written < length; ) {
      int count = Math.min(length - written, Lz4Frame.BLOCK - filled);
      System.arraycopy(bytes, offset + written, block, filled, count);
      filled += count;
      written += count;
      if (filled == Lz4Frame.BLOCK) {
        endBlock();
      }
    }
  }

  private void endBlock() throws IOException {
    if (filled == 0) {
      return;
    }
    sum.update(block, 0, filled);
    int size =
        compressor.compress(
            block, 0, filled, packed.array(), Integer.BYTES, packed.capacity() - Integer.BYTES);
    if (size < filled) {
      send(packed.putInt(size).position(Integer.BYTES + size));
    } else {
      send(packed.putInt(filled | Lz4Frame.STORED));
      sink.write(block, 0, filled);
    }
    filled = 0;
  }

  private void send(ByteBuffer bytes) throws IOException {
    sink.write(bytes.array(), 0, bytes.position());
    bytes.clear();
  }

  /// Ends a block before it is full.
  @Override
  public void flush() throws IOException {
    endBlock();
    sink.flush();
  }

  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    try (sink;
        sum) {
      endBlock();
      send(packed.putInt(0).putInt(sum.getValue()));
    }
  }
}
