package io.pgbackup.engine.format;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/// Makes tars for tests, harmful ones too.
public final class Tars {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final TarArchiveOutputStream tar;

  public Tars() {
    this(TarArchiveOutputStream.LONGFILE_POSIX);
  }

  public Tars(int longFileMode) {
    tar = new TarArchiveOutputStream(bytes, "UTF-8");
    tar.setLongFileMode(longFileMode);
    tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
  }

  public Tars file(String name, byte[] content) {
    return file(name, content, 0600);
  }

  public Tars file(String name, byte[] content, int mode) {
    return member(name, TarConstants.LF_NORMAL, "", content, mode);
  }

  public Tars directory(String name, int mode) {
    return member(name, TarConstants.LF_DIR, "", new byte[0], mode);
  }

  public Tars link(byte type, String name, String target) {
    return member(name, type, target, new byte[0], 0777);
  }

  /// A member of any type, with content where the type has none.
  public Tars member(byte type, byte[] content) {
    return member("x", type, "", content, 0600);
  }

  private Tars member(String name, byte type, String target, byte[] content, int mode) {
    try {
      var entry = new TarArchiveEntry("x", type, true);
      entry.setName(name);
      entry.setLinkName(target);
      entry.setMode(mode);
      entry.setSize(content.length);
      tar.putArchiveEntry(entry);
      tar.write(content);
      tar.closeArchiveEntry();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  public byte[] bytes() {
    try {
      tar.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
