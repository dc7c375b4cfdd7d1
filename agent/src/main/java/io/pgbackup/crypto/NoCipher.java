package io.pgbackup.crypto;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
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
  public List<String> fingerprints() {
    return List.of();
  }

  @Override
  public boolean readsWhatItWrites() {
    return true;
  }

  @Override
  public Map<String, String> mark(String sha256) {
    return Map.of(Marks.SHA256, sha256);
  }

  @Override
  public Optional<Boolean> isMarked(Map<String, String> metadata, String sha256) {
    return Marks.plain(metadata, sha256);
  }

  @Override
  public String toString() {
    return "plain";
  }
}
