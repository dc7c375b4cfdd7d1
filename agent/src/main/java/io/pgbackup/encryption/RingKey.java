package io.pgbackup.encryption;

import java.io.IOException;
import java.io.InputStream;

/// A key that objects are read with. Thread-safe.
interface RingKey {
  String fingerprint();

  /// Whether an object that begins so was encrypted with it.
  boolean opens(byte[] head);

  /// A key that opens what either opens, for an object that both might.
  default RingKey or(RingKey other) {
    return this;
  }

  /// @throws io.pgbackup.problem.PgBackupException `VerificationFailed`, also while the result is
  ///   read, for what was changed or cut off
  InputStream decrypting(InputStream source, String name) throws IOException;
}
