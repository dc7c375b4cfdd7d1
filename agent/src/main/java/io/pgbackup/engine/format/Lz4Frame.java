package io.pgbackup.engine.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.xxhash.XXHashFactory;

/// One LZ4 frame of independent blocks with a checksum of its content (LZ4 Frame Format 1.6) around
/// bytes that are all at hand.
final class Lz4Frame {
  /// Magic, version 01 with independent blocks and a checksum of the content, blocks of at most
  /// four mebibytes, checksum of these two.
  static final byte[] HEADER = HexFormat.of().parseHex("04224d186470b9");

  static final int BLOCK = 4 << 20;

  /// In a block's size: it stands as it is.
  static final int STORED = 0x80000000;

  /// End mark and checksum.
  private static final int END = 2 * Integer.BYTES;

  private final LZ4Compressor compressor = LZ4Factory.fastestInstance().fastCompressor();
  private ByteBuffer frame;

  private Lz4Frame(int firstBlock) {
    frame = allocate(HEADER.length + roomFor(firstBlock) + END);
  }

  static byte[] of(byte[] content) {
    var writer = new Lz4Frame(Math.min(BLOCK, content.length));
    writer.frame.put(HEADER);
    for (int start = 0; start < content.length; start += BLOCK) {
      writer.block(ByteBuffer.wrap(content, start, Math.min(BLOCK, content.length - start)));
    }
    int sum = XXHashFactory.fastestInstance().hash32().hash(content, 0, content.length, 0);
    return writer.end(sum);
  }

  private void block(ByteBuffer content) {
    int length = content.remaining();
    reserve(roomFor(length) + END);
    int at = frame.position();
    frame.position(at + Integer.BYTES);
    compressor.compress(content.duplicate(), frame);
    int size = frame.position() - at - Integer.BYTES;
    if (size < length) {
      frame.putInt(at, size);
    } else {
      frame.position(at).putInt(length | STORED).put(content);
    }
  }

  private byte[] end(int sum) {
    frame.putInt(0).putInt(sum).flip();
    byte[] whole = new byte[frame.remaining()];
    frame.get(whole);
    return whole;
  }

  private int roomFor(int block) {
    return Integer.BYTES + compressor.maxCompressedLength(block);
  }

  private void reserve(int room) {
    if (frame.remaining() < room) {
      ByteBuffer filled = frame.flip();
      frame = allocate(filled.remaining() + room).put(filled);
    }
  }

  private static ByteBuffer allocate(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
