package io.pgbackup.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.config.PgBackupConfig.EncryptionConfig;
import io.pgbackup.config.PgBackupConfig.EncryptionMethod;
import io.pgbackup.config.PgBackupConfig.KeyTransform;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EncryptionConfigTest {
  @Test
  void everyKeyIsRead() {
    assertThat(
            parse(
                "{method: libsodium, keyFile: /k, keyTransform: hex, previousKeyFiles: [/a, /b]}"))
        .isEqualTo(
            new EncryptionConfig(
                EncryptionMethod.LIBSODIUM,
                Optional.of(Path.of("/k")),
                KeyTransform.HEX,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of(Path.of("/a"), Path.of("/b"))));
    assertThat(parse("{method: openpgp, publicKeyFile: /p, secretKeyFile: /s, passphraseFile: /w}"))
        .isEqualTo(
            new EncryptionConfig(
                EncryptionMethod.OPENPGP,
                Optional.empty(),
                KeyTransform.NONE,
                Optional.of(Path.of("/p")),
                Optional.of(Path.of("/s")),
                Optional.of(Path.of("/w")),
                List.of()));
  }

  @Test
  void theEnvironmentSaysTheSame() {
    Map<String, String> environment =
        Map.of(
            "PGBACKUP_ENCRYPTION_METHOD", "libsodium",
            "PGBACKUP_ENCRYPTION_KEY_FILE", "/k",
            "PGBACKUP_ENCRYPTION_KEY_TRANSFORM", "base64",
            "PGBACKUP_ENCRYPTION_PREVIOUS_KEY_FILES", "/a, /b");

    EncryptionConfig expected =
        parse("{method: libsodium, keyFile: /k, keyTransform: base64, previousKeyFiles: [/a, /b]}");
    assertThat(new ConfigLoader(environment).encryption()).isEqualTo(expected);
    assertThat(parse("{method: openpgp}", environment)).isEqualTo(expected);
    assertThat(new ConfigLoader(Map.of()).encryption()).isEqualTo(EncryptionConfig.NONE);
  }

  /// Whoever names a key believes that something is encrypted with it.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{keyFile: /k}|encryption.keyFile: belongs to method libsodium, but the method is none",
        "{method: none, secretKeyFile: /s}|belongs to method openpgp, but the method is none",
        "{method: openpgp, publicKeyFile: /p, keyFile: /k}|keyFile: belongs to method libsodium",
        "{method: libsodium}|encryption.keyFile: missing; method libsodium encrypts with it",
        "{method: openpgp}|encryption.publicKeyFile: missing; method openpgp encrypts for it",
        "{method: openpgp, publicKeyFile: /p, passphraseFile: /w}|secretKeyFile: missing",
        "{method: aes}|must be none, libsodium or openpgp, got 'aes'",
        "{method: libsodium, keyFile: k}|must be an absolute path",
        "{method: libsodium, key: abc}|encryption.key: put it in a file and name it with keyFile",
        "{previousKeyFiles: /a}|encryption.previousKeyFiles: must be a list of texts",
        "{previousKeyFiles: [7]}|encryption.previousKeyFiles: must be a list of texts",
        "{previousKeyFiles: [a]}|encryption.previousKeyFiles: must be an absolute path",
      })
  void whatDoesNotBelongTogetherIsAFault(String section, String fault) {
    assertThatThrownBy(() -> parse(section)).hasMessageContaining(fault);
  }

  @Test
  void aPlainArchiveMayHaveKeysOfBefore() {
    assertThat(parse("{keyTransform: hex, previousKeyFiles: [/a]}").previousKeyFiles())
        .containsExactly(Path.of("/a"));
  }

  private static EncryptionConfig parse(String section) {
    return parse(section, Map.of());
  }

  private static EncryptionConfig parse(String section, Map<String, String> environment) {
    return new ConfigLoader(environment)
        .parse(
            "the configuration",
            "{cluster: {name: orders}, storage: {url: 's3://backups'}, encryption: %s}"
                .formatted(section))
        .encryption();
  }
}
