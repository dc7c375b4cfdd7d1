package io.pgbackup.crypto;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/// Remembers with what a decoder's source itself failed, which some decoders wrap: so a source that
/// broke off is told from bytes that are damaged. Not thread-safe.
public final class WatchedSource extends FilterInputStream {
  private @Nullable IOException broken;
  private @Nullable RuntimeException failed;

  public WatchedSource(InputStream source) {
    super(source);
  }

  /// Does nothing where the source never failed.
  public void rethrowFailure() throws IOException {
    if (broken != null) {
      throw broken;
    }
    if (failed != null) {
      throw failed;
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    try {
      return super.read(bytes, offset, length);
    } catch (IOException e) {
      broken = e;
      throw e;
    } catch (RuntimeException e) {
      failed = e;
      throw e;
    }
  }

  @Override
  public boolean markSupported() {
    return false;
  }
}
