package io.pgbackup.engine.format;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pgbackup.crypto.BulkInputStream;
import io.pgbackup.engine.format.TarMember.Kind;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.Optional;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.archivers.zip.ZipEncoding;
import org.apache.commons.compress.archivers.zip.ZipEncodingHelper;
import org.apache.commons.compress.utils.ArchiveUtils;

/// Reads a tar of any usual writer member by member: ustar, PAX and GNU long names. The library
/// reads single headers; its stream is not used, because it checks no header's sum, keeps long
/// names and PAX records of any size in memory, and cannot tell an end from a cut.
///
/// Not thread-safe.
public final class TarReader implements Closeable {
  private static final int RECORD = TarConstants.DEFAULT_RCDSIZE;

  /// PostgreSQL's paths have some hundred bytes; PAX headers a few of them.
  private static final long GREATEST_HEADER = 1 << 20;

  private static final ZipEncoding ENCODING = ZipEncodingHelper.getZipEncoding(UTF_8);

  private final InputStream source;
  private final String name;
  private long unread;
  private int padding;
  private boolean begun;
  private boolean marked = true;

  /// @param source the tar, decompressed; closed with this reader
  /// @param name of the tar, for messages
  public TarReader(InputStream source, String name) {
    this.source = new BufferedInputStream(source, 64 << 10);
    this.name = name;
  }

  /// The next member; what is left of the last one's content is passed over. Nothing at the end,
  /// after which nothing but zeros may follow; see [#isMarked].
  ///
  /// @throws io.pgbackup.problem.PgBackupException `VerificationFailed` if this is no whole tar
  /// @throws IOException where the source fails
  public Optional<TarMember> next() throws IOException {
    var extensions = new TarExtensions(name);
    boolean extended = false;
    while (true) {
      passOver();
      byte[] header = record();
      if (header.length == 0) {
        if (extended) {
          throw damaged("it ends within a header");
        }
        marked = false;
        return Optional.empty();
      }
      if (ArchiveUtils.isArrayZero(header, RECORD)) {
        requireEnd();
        return Optional.empty();
      }
      TarArchiveEntry entry = parse(header);
      begin(entry.getSize());
      extended = true;
      if (entry.isPaxHeader()) {
        extensions.addPax(wholeContent());
      } else if (entry.isGNULongNameEntry()) {
        extensions.addLongName(wholeContent());
      } else if (!entry.isGlobalPaxHeader() && !entry.isGNULongLinkEntry()) {
        long size = isHeaderOnly(entry) ? 0 : extensions.size().orElse(entry.getSize());
        begin(size);
        return Optional.of(
            new TarMember(
                extensions.path().orElse(entry.getName()),
                kind(entry),
                size,
                entry.getMode() & 0777));
      }
    }
  }

  /// Whether the tar ended with the mark of its end. WAL-G's streamed backups have none: where no
  /// codec tells the end, the rest may have been cut off between two members.
  public boolean isMarked() {
    return marked;
  }

  /// The next bytes of the current member's content.
  ///
  /// @return how many, or -1 at the end of the member
  public int read(byte[] bytes) throws IOException {
    return read(bytes, 0, bytes.length);
  }

  private int read(byte[] bytes, int offset, int length) throws IOException {
    if (unread == 0) {
      return -1;
    }
    int count = source.read(bytes, offset, (int) Math.min(length, unread));
    if (count < 0) {
      throw damaged("it ends within a member");
    }
    unread -= count;
    return count;
  }

  /// What is left of the current member's content; it ends where the member does.
  public InputStream content() {
    return new BulkInputStream() {
      @Override
      public int read(byte[] bytes, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        return length == 0 ? 0 : TarReader.this.read(bytes, offset, length);
      }
    };
  }

  /// Links, devices, directories and pipes, whatever size their header gives.
  private static boolean isHeaderOnly(TarArchiveEntry entry) {
    return entry.getLinkFlag() >= TarConstants.LF_LINK
        && entry.getLinkFlag() <= TarConstants.LF_FIFO;
  }

  private Kind kind(TarArchiveEntry entry) {
    if (entry.isSparse()) {
      throw damaged("the sparse member " + entry.getName() + " cannot be read");
    }
    return switch (entry.getLinkFlag()) {
      case TarConstants.LF_DIR -> Kind.DIRECTORY;
      case TarConstants.LF_OLDNORM, TarConstants.LF_NORMAL, TarConstants.LF_CONTIG ->
          entry.getName().endsWith("/") ? Kind.DIRECTORY : Kind.FILE;
      default -> Kind.OTHER;
    };
  }

  private TarArchiveEntry parse(byte[] header) {
    TarArchiveEntry entry;
    try {
      entry = new TarArchiveEntry(header, ENCODING);
    } catch (IOException | IllegalArgumentException e) {
      throw noHeader().causedBy(e);
    }
    if (!entry.isCheckSumOK()) {
      throw noHeader().asException();
    }
    begun = true;
    return entry;
  }

  private void begin(long size) {
    unread = size;
    padding = (int) (-size & (RECORD - 1));
  }

  private byte[] wholeContent() throws IOException {
    if (unread > GREATEST_HEADER) {
      throw damaged("a header has " + unread + " bytes");
    }
    byte[] content = source.readNBytes((int) unread);
    if (content.length < unread) {
      throw damaged("it ends within a header");
    }
    unread = 0;
    return content;
  }

  private void passOver() throws IOException {
    byte[] waste = new byte[8192];
    while (read(waste) >= 0) {}
    if (source.readNBytes(padding).length < padding) {
      throw damaged("it ends within a member");
    }
    padding = 0;
  }

  /// @return nothing where the tar ends between two members
  private byte[] record() throws IOException {
    byte[] record = source.readNBytes(RECORD);
    if (record.length < RECORD && (record.length > 0 || !begun)) {
      throw damaged(begun ? "it ends within a header" : "it is empty");
    }
    return record;
  }

  /// Reads on to the end, so that a codec's checksum is looked at.
  private void requireEnd() throws IOException {
    byte[] rest = new byte[8192];
    for (int count = source.read(rest); count >= 0; count = source.read(rest)) {
      if (!ArchiveUtils.isArrayZero(rest, count)) {
        throw damaged("something follows its end");
      }
    }
  }

  private Problem noHeader() {
    return begun
        ? problem("a header is damaged")
        : Problem.verificationFailed(
            name + " is no tar: it is encrypted, or damaged",
            "Name the key in the configuration's section encryption; if it was never encrypted,"
                + " choose another base backup.");
  }

  private PgBackupException damaged(String reason) {
    return problem(reason).asException();
  }

  private Problem problem(String reason) {
    return Problem.verificationFailed(
        name + " is no whole tar: " + reason, "Choose another base backup.");
  }

  @Override
  public void close() throws IOException {
    source.close();
  }
}
