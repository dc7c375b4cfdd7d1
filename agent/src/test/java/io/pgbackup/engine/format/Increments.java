package io.pgbackup.engine.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SortedMap;

/// Makes increments for tests, byte by byte as WAL-G's format has them.
public final class Increments {
  private Increments() {}

  /// @param pages each with 8192 bytes, by number
  public static byte[] of(long fileSize, SortedMap<Integer, byte[]> pages) {
    ByteBuffer bytes =
        ByteBuffer.allocate(16 + pages.size() * (4 + 8192)).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put(new byte[] {0x77, 0x69, 0x31, 0x55}).putLong(fileSize).putInt(pages.size());
    pages.keySet().forEach(bytes::putInt);
    pages.values().forEach(bytes::put);
    return bytes.array();
  }
}
