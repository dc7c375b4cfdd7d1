package io.pgbackup.crypto;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.Optional;

/// Passes everything through.
final class NoCipher implements ObjectCipher {
  @Override
  public OutputStream encrypting(OutputStream sink) {
    return sink;
  }

  @Override
  public InputStream decrypting(InputStream source, String name) {
    return source;
  }

  @Override
  public boolean recognises(byte[] head) {
    return false;
  }

  @Override
  public int headLength() {
    return 0;
  }

  @Override
  public Optional<String> fingerprint() {
    return Optional.empty();
  }

  @Override
  public String toString() {
    return "plain";
  }
}
