package io.pgbackup.engine.embedded;

import io.pgbackup.crypto.OpenPgpHead;
import io.pgbackup.engine.format.Codec;
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
public final class EncryptionProof {
  /// Enough for several chunks of any codec and cipher.
  private static final int STORED_HEAD = 256 << 10;

  private final ObjectStore store;
  private final Packing packing;
  private boolean proved;
  private Optional<Problem> failure = Optional.empty();

  /// @param packing how objects are to be packed; without a key to write with nothing is proved
  public EncryptionProof(ObjectStore store, Packing packing) {
    this.store = store;
    this.packing = packing;
    this.proved = packing.cipher().fingerprint().isEmpty();
  }

  /// Begins again, because another process writes now; what failed stays failed.
  public synchronized void again() {
    proved = packing.cipher().fingerprint().isEmpty();
  }

  /// Costs a request for the first object only.
  ///
  /// @param content the first bytes of what was packed into the object, or all of them
  /// @throws PgBackupException `VerificationFailed` if it is not encrypted
  public synchronized void require(ObjectKey key, byte[] content) {
    requireNoFailure();
    if (proved) {
      return;
    }
    prove(key, packing, content);
    proved = true;
  }

  /// As [#require], of an object that stood there already and says that this run's key encrypted
  /// it: the run that wrote it may have failed its proof. Proves nothing of what this run writes.
  ///
  /// @param codec the object's
  /// @param content all of it
  synchronized void requireStanding(ObjectKey key, Codec codec, byte[] content) {
    requireNoFailure();
    Optional<String> fingerprint = packing.cipher().fingerprint();
    if (fingerprint.isPresent() && fingerprint.equals(Packing.writtenWith(store, key).get())) {
      prove(key, new Packing(codec, packing.cipher()), content);
    }
  }

  /// Of an object that stood there already and whose writer leaves no word of a key, as WAL-G does:
  /// where there is a key to write with, it must be encrypted, with whichever key. Says nothing of
  /// what this run writes.
  ///
  /// @param codec the object's
  /// @param content the first bytes of what was packed into the object, or all of them
  /// @throws PgBackupException `Refused` if it can be read without a key
  public void refusePlain(ObjectKey key, Codec codec, byte[] content) {
    if (packing.cipher().fingerprint().isEmpty()) {
      return;
    }
    try {
      if (new Packing(codec, packing.cipher())
          .isReadableWithoutKey(key.value(), head(key), content)) {
        throw Problem.refused(
                key + " is to be encrypted, and stands there in plain text",
                "It was written without the key. Remove the object, so that it is sent again and"
                    + " stored encrypted.")
            .asException();
      }
    } catch (IOException e) {
      throw Problem.readingBrokeOff(key, e);
    }
  }

  /// @throws PgBackupException what the proof failed with
  public synchronized void requireNoFailure() {
    failure.ifPresent(
        problem -> {
          throw problem.asException();
        });
  }

  private void prove(ObjectKey key, Packing packing, byte[] content) {
    try {
      byte[] head = head(key);
      if (packing.isReadableWithoutKey(key.value(), head, content)) {
        throw failed(key, "it can be read without a key");
      }
      if (packing.cipher().readsWhatItWrites()) {
        requireContent(key, packing, content);
      } else if (OpenPgpHead.recipients(head).isEmpty()) {
        throw failed(key, "it is no OpenPGP message");
      }
    } catch (IOException e) {
      throw Problem.readingBrokeOff(key, e);
    }
  }

  private byte[] head(ObjectKey key) throws IOException {
    try (InputStream stored = store.open(key)) {
      return stored.readNBytes(STORED_HEAD);
    }
  }

  private void requireContent(ObjectKey key, Packing packing, byte[] content) throws IOException {
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
