package io.pgbackup.encryption;

import io.pgbackup.config.PgBackupConfig.EncryptionConfig;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.problem.Problem;

/// Opens what the configuration says about encryption.
public final class Encryption {
  private Encryption() {}

  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` if a key cannot be used
  public static ObjectCipher open(EncryptionConfig config) {
    return switch (config.method()) {
      case NONE -> ObjectCipher.NONE;
      case LIBSODIUM, OPENPGP ->
          throw Problem.misconfigured(
                  "encryption is not in this version", "Leave encryption.method at none.")
              .asException();
    };
  }
}
