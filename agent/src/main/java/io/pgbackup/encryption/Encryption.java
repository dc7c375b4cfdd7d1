package io.pgbackup.encryption;

import io.pgbackup.config.PgBackupConfig.EncryptionConfig;
import io.pgbackup.config.PgBackupConfig.KeyTransform;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.problem.PgBackupException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.bouncycastle.openpgp.api.OpenPGPCertificate;
import org.bouncycastle.openpgp.api.OpenPGPKey;
import org.bouncycastle.openpgp.api.OpenPGPKeyReader;

/// Opens what the configuration says about encryption. Every key is read and tried at once, so that
/// a wrong one is noticed when a program starts and not when it restores.
public final class Encryption {
  private static final String ARMOUR = "-----BEGIN PGP ";

  private final EncryptionConfig config;

  private Encryption(EncryptionConfig config) {
    this.config = config;
  }

  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` if a key cannot be used
  public static ObjectCipher open(EncryptionConfig config) {
    return config.equals(EncryptionConfig.NONE) ? ObjectCipher.NONE : new Encryption(config).ring();
  }

  private KeyRing ring() {
    List<RingKey> reading = new ArrayList<>();
    Optional<WritingKey> writing =
        switch (config.method()) {
          case NONE -> Optional.empty();
          case LIBSODIUM -> {
            LibsodiumKey key = libsodium(config.keyFile().orElseThrow());
            reading.add(key);
            yield Optional.of(key);
          }
          case OPENPGP -> {
            List<OpenPGPKey> secret = config.secretKeyFile().map(this::keys).orElse(List.of());
            config.secretKeyFile().ifPresent(file -> reading.addAll(unlocked(file, secret)));
            yield Optional.of(
                config
                    .publicKeyFile()
                    .map(file -> recipients(file, certificates(file)))
                    .orElseGet(() -> recipients(config.secretKeyFile().orElseThrow(), secret)));
          }
        };
    config.previousKeyFiles().forEach(file -> reading.addAll(previous(file)));
    return new KeyRing(writing, List.copyOf(reading));
  }

  private List<? extends RingKey> previous(Path file) {
    return KeyFile.secret(file).startsWith(ARMOUR)
        ? unlocked(file, keys(file))
        : List.of(libsodium(file));
  }

  private LibsodiumKey libsodium(Path file) {
    KeyTransform transform = config.keyTransform();
    return using(file, KeyFile.secret(file), text -> LibsodiumKey.parse(text, transform));
  }

  private static OpenPgpRecipients recipients(
      Path file, List<? extends OpenPGPCertificate> certificates) {
    return using(file, certificates, OpenPgpRecipients::of);
  }

  private List<OpenPgpSecretKey> unlocked(Path file, List<OpenPGPKey> keys) {
    Optional<char[]> passphrase =
        config.passphraseFile().map(KeyFile::secret).map(String::toCharArray);
    return using(
        file,
        keys,
        all -> all.stream().map(key -> OpenPgpSecretKey.unlock(key, passphrase)).toList());
  }

  private List<OpenPGPKey> keys(Path file) {
    return parsed(file, KeyFile.secret(file), text -> new OpenPGPKeyReader().parseKeys(text));
  }

  private static List<OpenPGPCertificate> certificates(Path file) {
    return parsed(
        file, KeyFile.notSecret(file), text -> new OpenPGPKeyReader().parseCertificates(text));
  }

  private interface Parser<T> {
    List<T> parse(String armoured) throws IOException;
  }

  private static <T> List<T> parsed(Path file, String text, Parser<T> parser) {
    try {
      List<T> keys = text.startsWith(ARMOUR) ? parser.parse(text) : List.of();
      if (keys.isEmpty()) {
        throw KeyFile.unusable(file, "holds no armoured OpenPGP key of the kind that is wanted");
      }
      return keys;
    } catch (IOException | RuntimeException e) {
      if (e instanceof PgBackupException known) {
        throw known;
      }
      // the library's messages may quote what they read
      throw KeyFile.unusable(file, "holds no armoured OpenPGP key of the kind that is wanted");
    }
  }

  private static <T, R> R using(Path file, T content, Function<T, R> use) {
    try {
      return use.apply(content);
    } catch (IllegalArgumentException e) {
      throw KeyFile.unusable(file, String.valueOf(e.getMessage()));
    }
  }
}
