package io.pgbackup.engine.format;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.xxhash.StreamingXXHash32;
import net.jpountz.xxhash.XXHashFactory;

/// Writes one LZ4 frame of independent blocks with a checksum of its content (LZ4 Frame Format
/// 1.6). The library's own stream does the same, but clears all its memory after each block, which
/// takes longer than compressing it.
///
/// Not thread-safe. Closing it ends the frame and closes the sink.
final class Lz4FrameWriter extends OutputStream {
  /// Magic, version 01 with independent blocks and a checksum of the content, blocks of at most 256
  /// KiB, checksum of these two. A block and what becomes of it lie in a processor's cache, which
  /// makes them a third faster to write than those of 4 MiB, and no greater.
  private static final byte[] HEADER = HexFormat.of().parseHex("04224d18645008");

  private static final int BLOCK = 256 << 10;

  /// In a block's size: it stands as it is.
  private static final int STORED = 0x80000000;

  private final OutputStream sink;
  private final LZ4Compressor compressor = LZ4Factory.fastestInstance().fastCompressor();
  private final StreamingXXHash32 sum = XXHashFactory.fastestInstance().newStreamingHash32(0);
  private final byte[] block = new byte[BLOCK];
  private final ByteBuffer packed =
      ByteBuffer.allocate(Integer.BYTES + compressor.maxCompressedLength(BLOCK))
          .order(ByteOrder.LITTLE_ENDIAN);
  private int filled;
  private boolean closed;

  Lz4FrameWriter(OutputStream sink) throws IOException {
    this.sink = sink;
    sink.write(HEADER);
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
      int left = length - written;
      if (filled == 0 && left >= BLOCK) {
        endBlock(bytes, offset + written, BLOCK);
        written += BLOCK;
        continue;
      }
      int count = Math.min(left, BLOCK - filled);
      System.arraycopy(bytes, offset + written, block, filled, count);
      filled += count;
      written += count;
      if (filled == BLOCK) {
        endBlock();
      }
    }
  }

  private void endBlock() throws IOException {
    if (filled > 0) {
      endBlock(block, 0, filled);
      filled = 0;
    }
  }

  private void endBlock(byte[] content, int offset, int length) throws IOException {
    sum.update(content, offset, length);
    int size =
        compressor.compress(
            content,
            offset,
            length,
            packed.array(),
            Integer.BYTES,
            packed.capacity() - Integer.BYTES);
    if (size < length) {
      send(packed.putInt(size).position(Integer.BYTES + size));
    } else {
      send(packed.putInt(length | STORED));
      sink.write(content, offset, length);
    }
  }

  private void send(ByteBuffer bytes) throws IOException {
    sink.write(bytes.array(), bytes.arrayOffset(), bytes.position());
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
