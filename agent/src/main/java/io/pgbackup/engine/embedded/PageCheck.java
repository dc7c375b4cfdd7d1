package io.pgbackup.engine.embedded;

import io.pgbackup.postgres.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Checks the pages of relation files while they are copied, as PostgreSQL's own base backup does:
/// a new page has no checksum yet, and a page that changed since the backup began comes from WAL.
/// One for each thread.
final class PageCheck {
  /// Where a page's header keeps its fields (storage/bufpage.h).
  private static final int CHECKSUM = 8;

  private static final int UPPER = 14;

  /// A page that is just being written reads differently each time.
  private static final int READINGS = 10;

  private final int blockSize;
  private final int blocksPerFile;
  private final Lsn start;
  private final PageChecksum checksum;

  /// @param start where the backup began
  PageCheck(int blockSize, int blocksPerFile, Lsn start) {
    this.blockSize = blockSize;
    this.blocksPerFile = blocksPerFile;
    this.start = start;
    this.checksum = new PageChecksum(blockSize);
  }

  /// Checks the whole pages of a buffer; what is left over at the end of a file that is just being
  /// extended is no page yet.
  ///
  /// @param position of the buffer in the file, a multiple of the block size
  /// @return numbers of corrupt pages, counted from the start of the file
  List<Long> corruptPages(
      RelationFile relation, FileChannel file, byte[] buffer, int length, long position)
      throws IOException {
    List<Long> corrupt = new ArrayList<>();
    for (int offset = 0; offset + blockSize <= length; offset += blockSize) {
      long page = (position + offset) / blockSize;
      long block = page + (long) relation.segment() * blocksPerFile;
      if (!holds(buffer, offset, block) && staysCorrupt(file, buffer, offset, page, block)) {
        corrupt.add(page);
      }
    }
    return corrupt;
  }

  private boolean holds(byte[] buffer, int offset, long block) {
    return shortAt(buffer, offset + UPPER) == 0
        || Long.compareUnsigned(lsnAt(buffer, offset), start.value()) >= 0
        || shortAt(buffer, offset + CHECKSUM) == checksum.of(buffer, offset, block);
  }

  private static long lsnAt(byte[] buffer, int offset) {
    return (long) shortAt(buffer, offset + 2) << 48
        | (long) shortAt(buffer, offset) << 32
        | (long) shortAt(buffer, offset + 6) << 16
        | shortAt(buffer, offset + 4);
  }

  /// Without an object for each page of a large database.
  private static int shortAt(byte[] buffer, int offset) {
    return (buffer[offset] & 0xFF) | (buffer[offset + 1] & 0xFF) << 8;
  }

  /// A server that writes the page at this moment tears it. Two readings that are the same and both
  /// wrong are no accident.
  private boolean staysCorrupt(FileChannel file, byte[] buffer, int offset, long page, long block)
      throws IOException {
    byte[] previous = Arrays.copyOfRange(buffer, offset, offset + blockSize);
    for (int reading = 0; reading < READINGS; reading++) {
      byte[] now = new byte[blockSize];
      if (!readFully(file, now, page * blockSize) || holds(now, 0, block)) {
        return false;
      }
      if (Arrays.equals(previous, now)) {
        return true;
      }
      previous = now;
    }
    return true;
  }

  private static boolean readFully(FileChannel file, byte[] into, long position)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(into);
    while (buffer.hasRemaining()) {
      if (file.read(buffer, position + buffer.position()) < 0) {
        return false;
      }
    }
    return true;
  }
}
