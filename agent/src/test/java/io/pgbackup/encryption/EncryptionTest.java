package io.pgbackup.encryption;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.config.PgBackupConfig.EncryptionConfig;
import io.pgbackup.config.PgBackupConfig.EncryptionMethod;
import io.pgbackup.config.PgBackupConfig.KeyTransform;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.testing.TestKeys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What is said about keys that cannot be used, before anything is read or written with them.
class EncryptionTest {
  private static final String SECRET = "0123456789abcdef".repeat(3);

  @TempDir private Path folder;
  private TestKeys keys;

  @BeforeEach
  void keys() {
    keys = new TestKeys(folder);
  }

  @Test
  void withoutEncryptionObjectsArePlain() {
    assertThat(Encryption.open(EncryptionConfig.NONE)).isSameAs(ObjectCipher.NONE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"rw-r--r--", "rw----r--", "rw-rw----", "rw-----w-", "rwxrwxrwx"})
  void aKeyThatOthersCanReadIsRefusedWithTheRemedy(String permissions) throws IOException {
    EncryptionConfig config = keys.libsodium(TestKeys.GOLDEN);
    Path file = config.keyFile().orElseThrow();
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));

    assertThatThrownBy(() -> Encryption.open(config))
        .hasMessageStartingWith(
            "the key file %s can be read or changed by others: ".formatted(file))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e ->
                assertThat(e.problem().hint().orElseThrow()).startsWith("Run: chmod 0600 " + file));
  }

  @ParameterizedTest
  @ValueSource(strings = {"rw-------", "r--------"})
  void aKeyOfItsOwnerAloneIsTaken(String permissions) throws IOException {
    EncryptionConfig config = keys.libsodium(TestKeys.GOLDEN);
    Files.setPosixFilePermissions(
        config.keyFile().orElseThrow(), PosixFilePermissions.fromString(permissions));

    assertThat(Encryption.open(config).fingerprint()).isPresent();
  }

  /// `/etc/keys/key -> ..data/key`, `..data -> ..2026_11_21`.
  @Test
  void aSecretThatKubernetesMountsIsTaken() throws IOException {
    Path version = Files.createDirectory(folder.resolve("..2026_11_21"));
    keys.file("..2026_11_21/key", TestKeys.GOLDEN);
    Files.createSymbolicLink(folder.resolve("..data"), version.getFileName());
    Path key = Files.createSymbolicLink(folder.resolve("key"), Path.of("..data/key"));

    assertThat(Encryption.open(keys.libsodium(key, KeyTransform.HEX)).fingerprint())
        .isEqualTo(keys.libsodium().fingerprint());
  }

  @ParameterizedTest
  @CsvSource({
    "NONE, short, 'must hold at least 25 bytes, and holds 5'",
    "HEX, 0123, 'must be 32 bytes as hexadecimal digits, and is 2'",
    "HEX, 0123456789abcdefx, 'must be hexadecimal digits, as keyTransform says'",
    "BASE64, AAAA, 'must be 32 bytes as base64, and is 3'",
    "BASE64, A*, 'must be base64, as keyTransform says'",
    "NONE, '', is empty"
  })
  void aKeyThatIsNoneIsExplainedWithoutBeingShown(
      KeyTransform transform, String text, String fault) {
    Path file = keys.file("key", text);

    assertThatThrownBy(() -> Encryption.open(keys.libsodium(file, transform)))
        .hasMessage("the key file %s %s".formatted(file, fault))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e -> assertThat(e.problem()).isInstanceOf(Problem.Misconfigured.class));
  }

  @Test
  void noMessageShowsAKey() {
    for (KeyTransform transform : List.of(KeyTransform.HEX, KeyTransform.BASE64)) {
      Path file = keys.file("key", SECRET + "?");

      assertThatThrownBy(() -> Encryption.open(keys.libsodium(file, transform)))
          .satisfies(e -> assertThat(e).hasNoCause())
          .hasMessageNotContaining("0123456789");
    }
    assertThat(keys.libsodium()).asString().doesNotContain("0123456789");
    assertThat(keys.openPgp("curve")).asString().doesNotContain("correct horse");
  }

  @Test
  void aKeyFileThatIsNotThereIsNamed() {
    Path missing = folder.resolve("missing");

    assertThatThrownBy(() -> Encryption.open(keys.libsodium(missing, KeyTransform.HEX)))
        .hasMessage("cannot read the key file " + missing);
  }

  @Test
  void aLockedKeyNeedsItsPassphrase() {
    Path secret = keys.resource("openpgp/curve-secret.asc");

    assertThatThrownBy(() -> Encryption.open(reading(secret, Optional.empty())))
        .hasMessage(
            "the key file %s is locked with a passphrase; name its file with passphraseFile"
                .formatted(secret));
    assertThatThrownBy(
            () -> Encryption.open(reading(secret, Optional.of(keys.file("wrong", "horse")))))
        .hasMessage(
            "the key file %s is not opened by the passphrase in passphraseFile".formatted(secret));
  }

  @Test
  void whatIsNoKeyOfItsKindIsRefused() {
    Path signer = keys.resource("openpgp/signer-public.asc");
    Path publicKey = keys.resource("openpgp/rsa-public.asc");
    Path text = keys.file("text", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nno key\n");

    assertThatThrownBy(() -> Encryption.open(writing(signer)))
        .hasMessageContaining("F02BF68BBBE3FFA72D8E7EAA3BC4FFBB988C0093")
        .hasMessageContaining("no key that may encrypt now");
    assertThatThrownBy(() -> Encryption.open(reading(publicKey, Optional.empty())))
        .hasMessageContaining("holds no armoured OpenPGP key of the kind that is wanted");
    assertThatThrownBy(() -> Encryption.open(writing(text)))
        .hasMessageContaining("holds no armoured OpenPGP key of the kind that is wanted");
  }

  @Test
  void fingerprintsTellKeysApartAndNothingElse() {
    String one = keys.libsodium().fingerprint().orElseThrow();
    String other = Encryption.open(keys.libsodium("ff".repeat(32))).fingerprint().orElseThrow();

    assertThat(one).matches("libsodium:[0-9a-f]{16}").isNotEqualTo(other);
    assertThat(keys.libsodium().fingerprint()).hasValue(one);
    assertThat(keys.openPgp("rsa").fingerprint())
        .hasValue("openpgp:E8A2DF832DE86A8F76CB1AC01F65B6BA4DBDC806");
  }

  private static EncryptionConfig writing(Path publicKeyFile) {
    return openPgp(Optional.of(publicKeyFile), Optional.empty(), Optional.empty());
  }

  private static EncryptionConfig reading(Path secretKeyFile, Optional<Path> passphraseFile) {
    return openPgp(Optional.empty(), Optional.of(secretKeyFile), passphraseFile);
  }

  private static EncryptionConfig openPgp(
      Optional<Path> publicKeyFile, Optional<Path> secretKeyFile, Optional<Path> passphraseFile) {
    return new EncryptionConfig(
        EncryptionMethod.OPENPGP,
        Optional.empty(),
        KeyTransform.NONE,
        publicKeyFile,
        secretKeyFile,
        passphraseFile,
        List.of());
  }
}
