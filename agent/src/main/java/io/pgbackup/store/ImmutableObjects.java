package io.pgbackup.store;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.crypto.Sha256;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome.AlreadyThere;
import io.pgbackup.store.CreateOutcome.Created;
import java.io.IOException;
import java.io.InputStream;

/// Writes objects that never change, and decides what it means that one stands there already:
/// codecs and ciphers give other bytes at each attempt, so the same is what has the same
/// *plaintext*.
///
/// Thread-safe.
public final class ImmutableObjects {
  private final ObjectStore store;
  private final ObjectCipher cipher;

  /// For plain objects.
  public ImmutableObjects(ObjectStore store) {
    this(store, ObjectCipher.NONE);
  }

  /// @param cipher decides what is kept beside an object about its plaintext
  public ImmutableObjects(ObjectStore store, ObjectCipher cipher) {
    this.store = store;
    this.cipher = cipher;
  }

  public enum Stored {
    STORED,
    /// The store held the same plaintext already.
    ALREADY_STORED
  }

  /// Turns a stored object's bytes back into plaintext.
  @FunctionalInterface
  public interface Decoder {
    /// @throws IOException here or while the result is read: the bytes cannot be decoded, for
    ///   instance because they are damaged or no key is at hand; a [PgBackupException] with
    ///   `VerificationFailed` says the same
    InputStream decode(InputStream stored) throws IOException;
  }

  /// As for an array that is full.
  public Stored put(ObjectKey key, byte[] content, String plaintextSha256, Decoder decoder) {
    return put(key, content, content.length, plaintextSha256, decoder);
  }

  /// Returns only after the store confirmed an object with this plaintext.
  ///
  /// @param content begins with the encoded bytes
  /// @param length how many they are
  /// @param plaintextSha256 64 lower-case hexadecimal digits; the object's metadata keep what the
  ///   cipher makes of it
  /// @param decoder asked only where an object stands there whose metadata does not say what is in
  ///   it
  /// @throws PgBackupException `Refused` if other content stands there, or content that cannot be
  ///   compared; `StorageFailed` if the store did not do its part
  public Stored put(
      ObjectKey key, byte[] content, int length, String plaintextSha256, Decoder decoder) {
    return switch (store.create(key, content, length, cipher.mark(plaintextSha256))) {
      case Created _ -> Stored.STORED;
      case AlreadyThere(StoredObject object) -> {
        requireSame(object, plaintextSha256, decoder);
        yield Stored.ALREADY_STORED;
      }
    };
  }

  /// Returns only if the object that stands under this key holds this plaintext.
  ///
  /// @param plaintextSha256 64 lower-case hexadecimal digits
  /// @param decoder as for [#put]
  /// @throws PgBackupException `Refused` if it holds other content, or content that cannot be
  ///   compared; `StorageFailed` if there is no such object, or the store did not do its part
  public void requireSame(ObjectKey key, String plaintextSha256, Decoder decoder) {
    StoredObject object =
        store
            .head(key)
            .orElseThrow(
                () ->
                    Problem.storageFailed(
                            key + " was listed and is gone",
                            "Something deletes what is still needed; look at retention and"
                                + " lifecycle rules.")
                        .asException());
    requireSame(object, plaintextSha256, decoder);
  }

  private void requireSame(StoredObject object, String plaintextSha256, Decoder decoder) {
    boolean same =
        cipher
            .isMarked(object.metadata(), plaintextSha256)
            .orElseGet(() -> digest(object.key(), decoder).equals(plaintextSha256));
    if (!same) {
      throw otherContent(object.key());
    }
  }

  private String digest(ObjectKey key, Decoder decoder) {
    try (InputStream object = store.open(key);
        InputStream plaintext = decoder.decode(object)) {
      return Sha256.hex(plaintext);
    } catch (PgBackupException e) {
      throw e.problem() instanceof Problem.VerificationFailed ? cannotCompare(key, e) : e;
    } catch (IOException e) {
      throw cannotCompare(key, e);
    }
  }

  private PgBackupException cannotCompare(ObjectKey key, Exception cause) {
    return Problem.refused(
            "cannot compare with what "
                + store.url()
                + " holds as "
                + key
                + ": "
                + cause.getMessage(),
            "It was left alone. Find out who wrote it, and whether it needs a key that is not"
                + " configured.")
        .causedBy(cause);
  }

  private PgBackupException otherContent(ObjectKey key) {
    return Problem.refused(
            store.url() + " already holds other content as " + key,
            "It was left alone. Another server may archive into this lineage: find it and stop it.")
        .asException();
  }
}
