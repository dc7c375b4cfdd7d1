package io.pgbackup.encryption;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/// The packets of a message, each of which is ended by closing it, but closes nothing beneath it.
final class OpenPgpOutput extends FilterOutputStream {
  private final OutputStream encrypted;
  private final OutputStream sink;
  private boolean open = true;

  OpenPgpOutput(OutputStream literal, OutputStream encrypted, OutputStream sink) {
    super(literal);
    this.encrypted = encrypted;
    this.sink = sink;
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    out.write(bytes, offset, length);
  }

  /// A partial packet cannot be cut short, so that nothing is flushed before the end.
  @Override
  public void flush() {}

  @Override
  public void close() throws IOException {
    if (!open) {
      return;
    }
    open = false;
    try (sink) {
      out.close();
      encrypted.close();
    }
  }
}
