package io.pgbackup.encryption;

import io.pgbackup.crypto.BulkInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Opened at the first read, since the key is found by the first bytes.
final class DecryptedStream extends BulkInputStream {
  interface Opening {
    InputStream open() throws IOException;
  }

  private final InputStream source;
  private final Opening opening;
  private @Nullable InputStream plaintext;

  DecryptedStream(InputStream source, Opening opening) {
    this.source = source;
    this.opening = opening;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    if (plaintext == null) {
      plaintext = opening.open();
    }
    return plaintext.read(bytes, offset, length);
  }

  @Override
  public void close() throws IOException {
    try (source) {
      if (plaintext != null) {
        plaintext.close();
      }
    }
  }
}
