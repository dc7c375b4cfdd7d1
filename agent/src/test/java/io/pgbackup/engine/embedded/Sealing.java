package io.pgbackup.engine.embedded;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.encryption.Encryption;
import io.pgbackup.testing.TestKeys;
import java.util.Map;
import java.util.Optional;

/// One way to encrypt, told to us and to wal-g.
enum Sealing {
  PLAIN {
    @Override
    ObjectCipher cipher(TestKeys keys) {
      return ObjectCipher.NONE;
    }

    @Override
    Map<String, String> walg(TestKeys keys) {
      return Map.of();
    }
  },
  LIBSODIUM {
    @Override
    ObjectCipher cipher(TestKeys keys) {
      return keys.libsodium();
    }

    @Override
    Map<String, String> walg(TestKeys keys) {
      return Map.of("WALG_LIBSODIUM_KEY", TestKeys.GOLDEN, "WALG_LIBSODIUM_KEY_TRANSFORM", "hex");
    }
  },
  OPENPGP_RSA {
    @Override
    ObjectCipher cipher(TestKeys keys) {
      return keys.openPgp("rsa");
    }

    @Override
    Map<String, String> walg(TestKeys keys) {
      return Map.of("WALG_PGP_KEY_PATH", keys.resource("openpgp/rsa-secret.asc").toString());
    }
  },
  /// Encrypts with a public key, reads with a locked secret key.
  OPENPGP_CURVE {
    @Override
    ObjectCipher cipher(TestKeys keys) {
      return Encryption.open(keys.openPgp(Optional.of("both-public"), Optional.of("curve-secret")));
    }

    @Override
    Map<String, String> walg(TestKeys keys) {
      return Map.of(
          "WALG_PGP_KEY_PATH",
          keys.resource("openpgp/curve-secret.asc").toString(),
          "WALG_PGP_KEY_PASSPHRASE",
          "correct horse");
    }
  };

  abstract ObjectCipher cipher(TestKeys keys);

  abstract Map<String, String> walg(TestKeys keys);
}
