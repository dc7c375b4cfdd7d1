package io.pgbackup.engine.embedded;

import io.pgbackup.crypto.OpenPgpHead;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Optional;

/// Reads the first object of a run back, where objects are to be encrypted: it must not be readable
/// without the key, and must be readable with it. Once it failed it fails for good, so that a
/// second attempt at the same object does not pass for a success. Thread-safe.
final class EncryptionProof {
  /// Enough for several chunks of any codec and cipher.
  private static final int STORED_HEAD = 256 << 10;

  private final ObjectStore store;
  private final Packing packing;
  private boolean proved;
  private Optional<Problem> failure = Optional.empty();

  EncryptionProof(ObjectStore store, Packing packing) {
    this.store = store;
    this.packing = packing;
    this.proved = packing.cipher().fingerprint().isEmpty();
  }

  /// Costs a request for the first object only.
  ///
  /// @param content the first bytes of what was packed into the object, or all of them
  /// @throws PgBackupException `VerificationFailed` if it is not encrypted
  synchronized void require(ObjectKey key, byte[] content) {
    requireNoFailure();
    if (proved) {
      return;
    }
    try {
      prove(key, content);
      proved = true;
    } catch (IOException e) {
      throw SourceFailure.of(key, e);
    }
  }

  /// @throws PgBackupException what the proof failed with
  synchronized void requireNoFailure() {
    failure.ifPresent(
        problem -> {
          throw problem.asException();
        });
  }

  private void prove(ObjectKey key, byte[] content) throws IOException {
    byte[] head;
    try (InputStream stored = store.open(key)) {
      head = stored.readNBytes(STORED_HEAD);
    }
    if (packing.isReadableWithoutKey(key.value(), head, content)) {
      throw failed(key, "it can be read without a key");
    }
    if (!packing.cipher().readsWhatItWrites()) {
      if (OpenPgpHead.recipients(head).isEmpty()) {
        throw failed(key, "it is no OpenPGP message");
      }
      return;
    }
    try (InputStream decrypted =
        packing
            .codec()
            .decompressing(
                packing.cipher().decrypting(store.open(key), key.value()), key.value())) {
      if (!Arrays.equals(decrypted.readNBytes(content.length), content)) {
        throw failed(key, "the key does not give its content back");
      }
    } catch (PgBackupException e) {
      throw e.problem() instanceof Problem.VerificationFailed && failure.isEmpty()
          ? failed(key, e.problem().message())
          : e;
    }
  }

  private PgBackupException failed(ObjectKey key, String reason) {
    Problem problem =
        Problem.verificationFailed(
            key + " was to be encrypted, but was read back and is not: " + reason,
            "Nothing more is written. Remove the object, and look at what lies between pgbackup and"
                + " the store.");
    failure = Optional.of(problem);
    return problem.asException();
  }
}
