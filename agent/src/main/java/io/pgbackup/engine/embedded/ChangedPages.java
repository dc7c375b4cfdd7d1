package io.pgbackup.engine.embedded;

import io.pgbackup.crypto.Sha256;
import io.pgbackup.engine.format.FileDescription.Content;
import io.pgbackup.engine.format.IncrementWriter;
import io.pgbackup.engine.format.ManifestFile;
import io.pgbackup.engine.format.PageLsns;
import io.pgbackup.postgres.Lsn;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Finds the pages of one relation file that changed since the parent's start, and writes them. One
/// for each thread, used for one file after the other; takes up to twelve bytes for each page of
/// the largest.
///
/// A page is taken if WAL changed it at or after that position, if it was never filled, and if it
/// lies behind the end that the file had then. A file with a page whose position cannot be believed
/// is not stored page by page.
final class ChangedPages {
  private static final int PAGE = PageHeader.PAGE;
  private static final int BUFFER = 256 << 10;

  private final Lsn since;
  private final SourceReading reading;
  private final Optional<PageCheck> check;
  private final byte[] buffer = new byte[BUFFER];
  private final MessageDigest digest = Sha256.digest();
  private final List<Long> corrupt = new ArrayList<>();
  private int[] numbers = new int[1 << 10];
  private byte[] lsns = new byte[0];
  private int count;
  private int pages;
  private long extent;

  /// @param since where the parent began
  /// @param check absent where the server's pages have no checksums
  ChangedPages(Lsn since, SourceReading reading, Optional<PageCheck> check) {
    this.since = since;
    this.reading = reading;
    this.check = check;
  }

  /// Whether a file could be stored as an increment at all. Those in `global` cannot: WAL-G,
  /// restoring the newest backup first, fills pages only in `base` and `pg_tblspc`.
  static boolean mayHave(SourceFile file, long size) {
    return file.relation().filter(RelationFile::isMainFork).isPresent()
        && !file.path().startsWith("global/")
        && size > 0
        && size % PAGE == 0;
  }

  /// Reads a file to its end.
  ///
  /// @param file one that [#mayHave] pages
  /// @return how it is best stored: what is not an increment needs no [#write]
  Content find(SourceFile file, FileChannel source, long size, ParentFile parent)
      throws IOException {
    begin(size);
    RelationFile relation = file.relation().orElseThrow();
    long parentsEnd = parent.manifest().map(ManifestFile::size).orElse(Long.MAX_VALUE);
    Optional<String> comparable = parent.contentDigest().filter(_ -> parentsEnd == size);
    for (long position = 0; position < size; position += buffer.length) {
      int length = (int) Math.min(buffer.length, size - position);
      int read = reading.fill(file, source, buffer, length);
      if (check.isPresent()) {
        corrupt.addAll(check.get().corruptPages(relation, source, buffer, read, position));
      }
      for (int offset = 0; offset < length; offset += PAGE) {
        if (!look(offset, position + offset, parentsEnd, parent.extent())) {
          return Content.WHOLE;
        }
      }
      if (count == 0 && comparable.isPresent()) {
        digest.update(buffer, 0, length);
      }
    }
    if (count == pages) {
      return Content.WHOLE;
    }
    return count == 0 && comparable.filter(Sha256.hex(digest)::equals).isPresent()
        ? Content.OF_THE_PARENT
        : Content.INCREMENT;
  }

  /// Whether a file that is stored whole has the same content as in the parent. Only small ones are
  /// looked at, since the others would be read twice.
  boolean isAsTheParent(SourceFile file, FileChannel source, long size, ParentFile parent)
      throws IOException {
    boolean comparable =
        size <= buffer.length
            && parent.manifest().filter(known -> known.size() == size).isPresent()
            && parent.contentDigest().isPresent();
    if (!comparable) {
      return false;
    }
    digest.reset();
    digest.update(buffer, 0, reading.fill(file, source, buffer, (int) size));
    return parent.contentDigest().get().equals(Sha256.hex(digest));
  }

  private void begin(long size) {
    pages = Math.toIntExact(size / PAGE);
    if (lsns.length < pages * PageLsns.LENGTH) {
      lsns = new byte[pages * PageLsns.LENGTH];
    }
    count = 0;
    extent = 0;
    corrupt.clear();
    digest.reset();
  }

  /// @return whether the page can be in an increment, or be left out of one
  private boolean look(int offset, long position, long parentsEnd, long parentsExtent) {
    int number = (int) (position / PAGE);
    System.arraycopy(buffer, offset, lsns, number * PageLsns.LENGTH, PageLsns.LENGTH);
    if (!PageHeader.isBlank(buffer, offset)) {
      extent = position + PAGE;
    } else if (position < parentsExtent) {
      // The file was cut and grew again. WAL-G, restoring the newest backup first, would fill this
      // page with what an older one holds there.
      return false;
    }
    PageHeader header = PageHeader.at(buffer, offset);
    boolean isNew = header.isNew();
    if (!isNew && !header.isUsual()) {
      return false;
    }
    if (isNew || !header.lsn().isBefore(since) || position >= parentsEnd) {
      select(number);
    }
    return true;
  }

  private void select(int number) {
    if (count == numbers.length) {
      numbers = Arrays.copyOf(numbers, 2 * count);
    }
    numbers[count++] = number;
  }

  /// Bytes that [#write] writes.
  long incrementSize() {
    return IncrementWriter.size(count);
  }

  /// Writes the increment of the file that was found last. Pages are read again: what the server
  /// changed meanwhile is as good, and what it cut off is zeroes, because WAL says both.
  void write(SourceFile file, FileChannel source, long size, OutputStream sink) throws IOException {
    IncrementWriter.writeHeader(sink, size, numbers, count);
    int run;
    for (int i = 0; i < count; i += run) {
      run = run(i);
      source.position((long) numbers[i] * PAGE);
      reading.fill(file, source, buffer, run * PAGE);
      for (int page = 0; page < run; page++) {
        int number = numbers[i] + page;
        System.arraycopy(buffer, page * PAGE, lsns, number * PageLsns.LENGTH, PageLsns.LENGTH);
      }
      sink.write(buffer, 0, run * PAGE);
    }
  }

  /// Pages in a row that the buffer can take.
  private int run(int first) {
    int run = 1;
    while (first + run < count
        && numbers[first + run] == numbers[first] + run
        && (run + 1) * PAGE <= buffer.length) {
      run++;
    }
    return run;
  }

  /// The positions of all pages as they were last read.
  String pageLsns() {
    digest.reset();
    digest.update(lsns, 0, pages * PageLsns.LENGTH);
    return Sha256.hex(digest);
  }

  /// Numbers of pages whose checksum does not hold, counted from the start of the file.
  List<Long> corrupt() {
    return List.copyOf(corrupt);
  }

  /// Bytes up to the end of the last page that is not empty.
  long extent() {
    return extent;
  }
}
