package io.pgbackup.engine.format;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Writes an increment; see [IncrementReader] for its format. The pages follow the header in the
/// order of their numbers, by whoever has them.
public final class IncrementWriter {
  private static final byte[] MAGIC = {'w', 'i', '1', 0x55};
  private static final int HEADER = 16;
  private static final int NUMBERS_AT_ONCE = 16 << 10;

  private IncrementWriter() {}

  /// Bytes of an increment of so many pages.
  public static long size(int pages) {
    return HEADER + (Integer.BYTES + (long) IncrementReader.PAGE) * pages;
  }

  /// @param fileSize bytes of the whole file, a multiple of the page size
  /// @param pages numbers of pages, counted from the start of this file; ascending, because WAL-G
  ///   writes them in one go where it restores the newest backup first
  /// @param count how many of them there are
  public static void writeHeader(OutputStream sink, long fileSize, int[] pages, int count)
      throws IOException {
    byte[] header = new byte[HEADER];
    littleEndian(header).put(MAGIC).putLong(fileSize).putInt(count);
    sink.write(header);
    for (int start = 0; start < count; start += NUMBERS_AT_ONCE) {
      int numbers = Math.min(NUMBERS_AT_ONCE, count - start);
      byte[] bytes = new byte[Integer.BYTES * numbers];
      littleEndian(bytes).asIntBuffer().put(pages, start, numbers);
      sink.write(bytes);
    }
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
