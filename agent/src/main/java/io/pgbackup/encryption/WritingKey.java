package io.pgbackup.encryption;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;

/// What objects are encrypted with. Thread-safe.
interface WritingKey {
  String fingerprint();

  OutputStream encrypting(OutputStream sink) throws IOException;

  /// Whether this key reads what is encrypted.
  boolean isReadWith(RingKey key);

  /// As [io.pgbackup.crypto.ObjectCipher#mark].
  Map<String, String> mark(String sha256);
}
