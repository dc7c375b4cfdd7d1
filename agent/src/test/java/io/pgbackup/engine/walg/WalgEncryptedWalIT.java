package io.pgbackup.engine.walg;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.encryption.Encryption;
import io.pgbackup.engine.WalEngine.Pushed;
import io.pgbackup.engine.embedded.EmbeddedWalEngine;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.testing.RealWalg;
import io.pgbackup.testing.TestArchive;
import io.pgbackup.testing.TestKeys;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What a real wal-g is told of keys makes it encrypt, and read again.
class WalgEncryptedWalIT {
  private static final WalFileName NAME =
      WalFileName.parse("000000010000000000000002.00000028.backup");

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "method: libsodium, keyFile: %1$s/hex, keyTransform: hex",
        "method: openpgp, secretKeyFile: %1$s/rsa-secret.asc",
        "method: openpgp, secretKeyFile: %1$s/curve-secret.asc, passphraseFile: %1$s/curve-passphrase",
        "method: openpgp, publicKeyFile: %1$s/both-public.asc, secretKeyFile: %1$s/rsa-secret.asc"
      })
  void itEncryptsAndReadsAgainWithWhatTheConfigurationNames(String encryption) {
    Path binary = RealWalg.binary();
    keys();
    byte[] content = new byte[20_000];
    new Random(4).nextBytes(content);
    try (TestArchive archive = TestArchive.create(TestArchive.Kind.DIRECTORY, folder)) {
      PgBackupConfig config =
          archive.config("encryption: { " + encryption.formatted(folder) + " }\n");
      ObjectCipher cipher = Encryption.open(config.encryption());
      Packing packing = new Packing(Codec.ZSTD, cipher);
      var embedded =
          new EmbeddedWalEngine(archive.store(), archive.layout(), packing, Optional.empty());
      try (Walg walg = Walg.open(config, binary);
          WalgWalEngine engine =
              walg.wal(archive.store(), archive.layout(), packing, embedded, Clock.systemUTC())) {
        assertThat(engine.push(NAME, content)).isEqualTo(Pushed.STORED);
        assertThat(engine.fetch(NAME)).hasValue(content);
        assertThat(embedded.fetch(NAME)).hasValue(content);
      }
    }
  }

  private void keys() {
    TestKeys keys = new TestKeys(folder);
    keys.file("hex", TestKeys.GOLDEN);
    for (String name : new String[] {"rsa-secret.asc", "both-public.asc", "curve-secret.asc"}) {
      keys.resource("openpgp/" + name);
    }
    keys.resource("openpgp/curve-passphrase");
  }
}
