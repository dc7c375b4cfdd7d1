package io.pgbackup.engine.format;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/// A decoder's stream after whose end nothing may follow in the source.
final class WholeStream extends FilterInputStream {
  private final InputStream source;

  WholeStream(InputStream decoded, InputStream source) {
    super(decoded);
    this.source = source;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    int count = super.read(bytes, offset, length);
    if (count < 0 && source.read() >= 0) {
      throw new IOException("something follows its end");
    }
    return count;
  }
}
