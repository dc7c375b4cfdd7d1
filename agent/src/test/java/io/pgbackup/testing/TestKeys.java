package io.pgbackup.testing;

import io.pgbackup.config.PgBackupConfig.EncryptionConfig;
import io.pgbackup.config.PgBackupConfig.EncryptionMethod;
import io.pgbackup.config.PgBackupConfig.KeyTransform;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.encryption.Encryption;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/// Key files in a directory of a test's own, and the configurations that name them.
public final class TestKeys {
  /// That of the golden archive which WAL-G encrypted.
  public static final String GOLDEN = "0123456789abcdef".repeat(4);

  private final Path folder;

  public TestKeys(Path folder) {
    this.folder = folder;
  }

  /// Reads and writes with a key of hexadecimal digits; reads with the files as well.
  public EncryptionConfig libsodium(String hex, Path... previous) {
    return libsodium(file("libsodium-" + hex.substring(0, 8), hex), KeyTransform.HEX, previous);
  }

  public EncryptionConfig libsodium(Path keyFile, KeyTransform transform, Path... previous) {
    return new EncryptionConfig(
        EncryptionMethod.LIBSODIUM,
        Optional.of(keyFile),
        transform,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        List.of(previous));
  }

  public ObjectCipher libsodium() {
    return Encryption.open(libsodium(GOLDEN));
  }

  /// @param publicKeys,secretKey resources under `/encryption/openpgp`, without `.asc`
  public EncryptionConfig openPgp(
      Optional<String> publicKeys, Optional<String> secretKey, Path... previous) {
    return new EncryptionConfig(
        EncryptionMethod.OPENPGP,
        Optional.empty(),
        KeyTransform.NONE,
        publicKeys.map(name -> resource("openpgp/" + name + ".asc")),
        secretKey.map(name -> resource("openpgp/" + name + ".asc")),
        secretKey
            .filter(name -> name.startsWith("curve"))
            .map(_ -> resource("openpgp/curve-passphrase")),
        List.of(previous));
  }

  /// @param name `rsa` or `curve`
  public ObjectCipher openPgp(String name) {
    return Encryption.open(openPgp(Optional.of(name + "-public"), Optional.of(name + "-secret")));
  }

  /// A copy that only its owner may read.
  public Path resource(String name) {
    try (InputStream content =
        Objects.requireNonNull(TestKeys.class.getResourceAsStream("/encryption/" + name), name)) {
      return file(
          name.substring(name.lastIndexOf('/') + 1),
          new String(content.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// A file that only its owner may read.
  public Path file(String name, String content) {
    try {
      Path file = Files.writeString(folder.resolve(name), content);
      return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
