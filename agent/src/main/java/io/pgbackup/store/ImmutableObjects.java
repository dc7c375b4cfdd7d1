package io.pgbackup.store;

import io.pgbackup.crypto.Sha256;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome.AlreadyThere;
import io.pgbackup.store.CreateOutcome.Created;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Optional;

/// Writes objects that never change, and decides what it means that one stands there already:
/// codecs and ciphers give other bytes at each attempt, so the same is what has the same
/// *plaintext*.
///
/// Thread-safe.
public final class ImmutableObjects {
  private final ObjectStore store;

  public ImmutableObjects(ObjectStore store) {
    this.store = store;
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
    ///   instance because they are damaged or no key is at hand
    InputStream decode(InputStream stored) throws IOException;
  }

  /// Returns only after the store confirmed an object with this plaintext.
  ///
  /// @param content the encoded bytes
  /// @param plaintextSha256 64 lower-case hexadecimal digits, kept in the object's metadata
  /// @param decoder asked only where an object stands there whose metadata does not say what is in
  ///   it
  /// @throws PgBackupException `Refused` if other content stands there, or content that cannot be
  ///   compared; `StorageFailed` if the store did not do its part
  public Stored put(ObjectKey key, byte[] content, String plaintextSha256, Decoder decoder) {
    return switch (store.create(key, content, Map.of(StoredObject.SHA256, plaintextSha256))) {
      case Created _ -> Stored.STORED;
      case AlreadyThere(StoredObject object) -> {
        Optional<String> recorded = Optional.ofNullable(object.metadata().get(StoredObject.SHA256));
        String stored = recorded.orElseGet(() -> digest(key, decoder));
        if (!stored.equals(plaintextSha256)) {
          throw otherContent(key);
        }
        yield Stored.ALREADY_STORED;
      }
    };
  }

  private String digest(ObjectKey key, Decoder decoder) {
    try (InputStream object = store.open(key);
        InputStream plaintext = decoder.decode(object)) {
      return Sha256.hex(plaintext);
    } catch (IOException e) {
      throw Problem.refused(
              "cannot compare with what "
                  + store.url()
                  + " holds as "
                  + key
                  + ": "
                  + e.getMessage(),
              "It was left alone. Find out who wrote it, and whether it needs a key that is not"
                  + " configured.")
          .causedBy(e);
    }
  }

  private PgBackupException otherContent(ObjectKey key) {
    return Problem.refused(
            store.url() + " already holds other content as " + key,
            "It was left alone. Another server may archive into this lineage: find it and stop it.")
        .asException();
  }
}
