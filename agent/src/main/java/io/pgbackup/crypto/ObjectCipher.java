package io.pgbackup.crypto;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Optional;

/// Encrypts the content of objects and decrypts it. An object is packed first and encrypted then;
/// its name never tells which. Thread-safe; a stream belongs to one thread.
public interface ObjectCipher {
  /// Writes and reads plain objects.
  ObjectCipher NONE = new NoCipher();

  /// A stream that encrypts what is written to it with the newest key. Closing it ends the message
  /// and closes `sink`; without that the object is truncated.
  OutputStream encrypting(OutputStream sink) throws IOException;

  /// A stream of the plaintext of `source`, which is closed with it, with whichever key of the ring
  /// opens it. Failures of the source pass through. Bytes that no key opens, that were changed, or
  /// that end too early are a [io.pgbackup.problem.PgBackupException] with `VerificationFailed`.
  ///
  /// @param name what the bytes are, for the message
  InputStream decrypting(InputStream source, String name);

  /// Whether an object that begins so was encrypted for a key of the ring.
  ///
  /// @param head the first [#headLength] bytes, or the whole object where it has fewer
  boolean recognises(byte[] head);

  /// Bytes that [#recognises] needs to see.
  int headLength();

  /// Of the key that encrypts, with the method before it as in `libsodium:0123456789abcdef`; empty
  /// where nothing does. Says nothing about the key.
  Optional<String> fingerprint();
}
