package io.pgbackup.engine.walg;

import io.pgbackup.config.PgBackupConfig.EncryptionConfig;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.secret.SecretFile;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// What WAL-G is told of the keys: their files. Only a passphrase has no setting for a file, and
/// goes through the environment of a run that reads.
///
/// WAL-G has one key, so `previousKeyFiles` mean nothing to it.
///
/// @param writing variables for a run that writes
/// @param reading variables for a run that reads
/// @param secrets texts in them that must not be printed
record EncryptionSettings(
    Map<String, String> writing, Map<String, String> reading, List<String> secrets) {
  EncryptionSettings {
    writing = Map.copyOf(writing);
    reading = Map.copyOf(reading);
    secrets = List.copyOf(secrets);
  }

  static EncryptionSettings of(EncryptionConfig config) {
    return switch (config.method()) {
      case NONE -> new EncryptionSettings(Map.of(), Map.of(), List.of());
      case LIBSODIUM -> libsodium(config);
      case OPENPGP -> openPgp(config);
    };
  }

  private static EncryptionSettings libsodium(EncryptionConfig config) {
    Map<String, String> both = new LinkedHashMap<>();
    Path key = config.keyFile().orElseThrow(() -> keyless("encryption.keyFile"));
    both.put("WALG_LIBSODIUM_KEY_PATH", key.toString());
    both.put("WALG_LIBSODIUM_KEY_TRANSFORM", config.keyTransform().name().toLowerCase(Locale.ROOT));
    return new EncryptionSettings(both, both, List.of());
  }

  private static EncryptionSettings openPgp(EncryptionConfig config) {
    Map<String, String> writing = new LinkedHashMap<>();
    Path recipient =
        config
            .publicKeyFile()
            .or(config::secretKeyFile)
            .orElseThrow(() -> keyless("encryption.publicKeyFile or encryption.secretKeyFile"));
    writing.put("WALG_PGP_KEY_PATH", recipient.toString());
    Map<String, String> reading = new LinkedHashMap<>();
    config.secretKeyFile().ifPresent(file -> reading.put("WALG_PGP_KEY_PATH", file.toString()));
    Optional<String> passphrase = config.passphraseFile().map(EncryptionSettings::secret);
    passphrase.ifPresent(text -> reading.put("WALG_PGP_KEY_PASSPHRASE", text));
    return new EncryptionSettings(writing, reading, passphrase.stream().toList());
  }

  /// WAL-G without a key encrypts nothing, and says nothing.
  private static PgBackupException keyless(String setting) {
    return Problem.misconfigured(
            "there is no key to encrypt with: %s is not set".formatted(setting),
            "Name the file of the key.")
        .asException();
  }

  private static String secret(Path file) {
    return SecretFile.text(file, "passphrase file");
  }
}
