package io.pgbackup.engine.embedded;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/// A tar being written (pax, POSIX.1-2001). The library makes the headers; contents go past it, for
/// it would hand them on in records of 512 bytes.
///
/// Not thread-safe. Closing it ends the tar and closes the sink.
final class TarWriter implements Closeable {
  private static final int RECORD = TarConstants.DEFAULT_RCDSIZE;

  private final OutputStream sink;
  private final OutputStream content = new Content();
  private long size;
  private long missing;

  TarWriter(OutputStream sink) {
    this.sink = sink;
  }

  /// Begins a member; exactly as many bytes as the entry says must follow, then [#end].
  OutputStream begin(TarArchiveEntry entry) throws IOException {
    sink.write(header(entry));
    size = entry.getSize();
    missing = size;
    return content;
  }

  private static byte[] header(TarArchiveEntry entry) throws IOException {
    var bytes = new ByteArrayOutputStream(RECORD);
    // never closed: that would end the tar
    var tar = new TarArchiveOutputStream(bytes, RECORD, StandardCharsets.UTF_8.name());
    tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
    tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
    tar.setAddPaxHeadersForNonAsciiNames(true);
    tar.putArchiveEntry(entry);
    return bytes.toByteArray();
  }

  void end() throws IOException {
    if (missing > 0) {
      throw new IOException("a member of " + size + " bytes ends " + missing + " too early");
    }
    sink.write(new byte[(int) Math.floorMod(-size, (long) RECORD)]);
  }

  @Override
  public void close() throws IOException {
    try (sink) {
      sink.write(new byte[2 * RECORD]);
    }
  }

  private final class Content extends OutputStream {
    @Override
    public void write(int octet) throws IOException {
      write(new byte[] {(byte) octet}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      if (length > missing) {
        throw new IOException("more than the " + size + " bytes of a member");
      }
      missing -= length;
      sink.write(bytes, offset, length);
    }
  }
}
