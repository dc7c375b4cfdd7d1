package io.pgbackup.store.file;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/// An object being read, whose faults are problems like those of every store.
final class FileDownload extends FilterInputStream {
  private final String doing;

  FileDownload(String doing, InputStream file) {
    super(file);
    this.doing = doing;
  }

  @Override
  public int read() {
    try {
      return super.read();
    } catch (IOException e) {
      throw FileFailures.of(doing, e);
    }
  }

  @Override
  public int read(byte[] bytes, int offset, int length) {
    try {
      return super.read(bytes, offset, length);
    } catch (IOException e) {
      throw FileFailures.of(doing, e);
    }
  }
}
