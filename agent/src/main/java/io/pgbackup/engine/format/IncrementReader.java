package io.pgbackup.engine.format;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/// Reads an increment: the pages of one file that a delta backup holds, in WAL-G's format (its
/// pagefile.go, all little-endian):
///
/// | offset | size | content |
/// |---|---|---|
/// | 0 | 4 | `wi1` and 0x55 |
/// | 4 | 8 | size of the file, in bytes |
/// | 12 | 4 | n, the number of pages |
/// | 16 | 4 n | their numbers, counted from the start of this file, ascending |
/// | 16 + 4 n | 8192 n | the pages in the same order |
///
/// A number may lie beyond the file's size: the file grew while it was read. Memory is four bytes
/// for each page that is really there. Not thread-safe.
public final class IncrementReader {
  public static final int PAGE = 8192;

  /// 128 GiB; PostgreSQL's files end at 1 GiB unless it was built otherwise.
  static final int MOST_PAGES = 1 << 24;

  private static final byte[] MAGIC = {'w', 'i', '1', 0x55};
  private static final int HEADER = 16;
  private static final int NUMBERS_AT_ONCE = 16 << 10;

  private final InputStream content;
  private final String name;
  private final long fileSize;
  private final int[] pages;
  private int next;

  private IncrementReader(InputStream content, String name, long fileSize, int[] pages) {
    this.content = content;
    this.name = name;
    this.fileSize = fileSize;
    this.pages = pages;
  }

  /// Reads the header and the list of pages.
  ///
  /// @param content of the tar member; not closed
  /// @param name what is read, for messages
  /// @throws io.pgbackup.problem.PgBackupException `VerificationFailed` if it is no increment
  /// @throws IOException where the source fails
  public static IncrementReader of(InputStream content, String name) throws IOException {
    byte[] bytes = content.readNBytes(HEADER);
    if (bytes.length < HEADER || !Arrays.equals(bytes, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
      throw Documents.unreadable(name, "it does not begin like an increment", null);
    }
    ByteBuffer header = littleEndian(bytes);
    long fileSize = header.getLong(4);
    if (fileSize < 0 || fileSize % PAGE != 0 || fileSize / PAGE > MOST_PAGES) {
      throw Documents.unreadable(
          name, "an increment of a file of " + Long.toUnsignedString(fileSize) + " bytes", null);
    }
    return new IncrementReader(content, name, fileSize, numbers(content, header.getInt(12), name));
  }

  private static int[] numbers(InputStream content, int count, String name) throws IOException {
    if (count < 0 || count > MOST_PAGES) {
      throw Documents.unreadable(
          name, "an increment of " + Integer.toUnsignedString(count) + " pages", null);
    }
    int[] pages = new int[Math.min(count, NUMBERS_AT_ONCE)];
    for (int read = 0; read < count; ) {
      int wanted = Math.min(count - read, NUMBERS_AT_ONCE);
      ByteBuffer numbers = littleEndian(content.readNBytes(4 * wanted));
      if (numbers.remaining() < 4 * wanted) {
        throw Documents.unreadable(name, "the increment ends within its list of pages", null);
      }
      if (pages.length < read + wanted) {
        pages = Arrays.copyOf(pages, (int) Math.min(count, Math.max(read + wanted, 2L * read)));
      }
      for (int i = 0; i < wanted; i++, read++) {
        int page = numbers.getInt();
        if (page < 0 || page >= MOST_PAGES || (read > 0 && page <= pages[read - 1])) {
          throw Documents.unreadable(name, "the increment's list of pages does not ascend", null);
        }
        pages[read] = page;
      }
    }
    return pages;
  }

  /// Bytes that the file has, unless a page lies behind them.
  public long fileSize() {
    return pages.length == 0 ? fileSize : Math.max(fileSize, (pages[pages.length - 1] + 1L) * PAGE);
  }

  /// How many pages there are.
  public int pages() {
    return pages.length;
  }

  /// Reads the next page.
  ///
  /// @param page gets its [#PAGE] bytes
  /// @return its place in the file, in bytes; -1 after the last one, when the content has ended too
  /// @throws io.pgbackup.problem.PgBackupException `VerificationFailed` if the content ends too
  ///   early or too late
  /// @throws IOException where the source fails
  public long nextPage(byte[] page) throws IOException {
    if (next == pages.length) {
      if (content.read() >= 0) {
        throw Documents.unreadable(name, "something follows the increment's last page", null);
      }
      return -1;
    }
    if (content.readNBytes(page, 0, PAGE) < PAGE) {
      throw Documents.unreadable(name, "the increment ends within a page", null);
    }
    return (long) pages[next++] * PAGE;
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
