package io.pgbackup.crypto;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Encrypts the content of objects and decrypts it. An object is compressed first and encrypted
/// then; its name never tells whether. Thread-safe; a stream belongs to one thread.
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

  /// Of every key that is read with.
  List<String> fingerprints();

  /// Whether what it encrypts can be read again with what it holds; public keys alone do not.
  boolean readsWhatItWrites();

  /// What may be kept beside an object, so that later it can be told whether a plaintext is in it.
  ///
  /// @param sha256 of the plaintext, 64 lower-case hexadecimal digits
  Map<String, String> mark(String sha256);

  /// Whether marks say that a plaintext is in their object; empty where they say nothing that the
  /// ring can read.
  Optional<Boolean> isMarked(Map<String, String> metadata, String sha256);
}
