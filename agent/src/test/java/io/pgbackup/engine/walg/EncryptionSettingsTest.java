package io.pgbackup.engine.walg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.config.PgBackupConfig.EncryptionConfig;
import io.pgbackup.config.PgBackupConfig.EncryptionMethod;
import io.pgbackup.config.PgBackupConfig.KeyTransform;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.testing.TestKeys;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Which keys WAL-G is told of.
class EncryptionSettingsTest {
  private static final String KEY = "WALG_PGP_KEY_PATH";

  @TempDir private Path folder;
  private TestKeys keys;

  @BeforeEach
  void keys() {
    keys = new TestKeys(folder);
  }

  @Test
  void withoutPublicKeysItEncryptsForTheSecretOne() {
    EncryptionSettings settings =
        EncryptionSettings.of(keys.openPgp(Optional.empty(), Optional.of("rsa-secret")));

    assertThat(settings.writing())
        .isEqualTo(Map.of(KEY, folder.resolve("rsa-secret.asc").toString()));
    assertThat(settings.reading()).isEqualTo(settings.writing());
  }

  @Test
  void withPublicKeysItEncryptsForThemAndReadsWithTheSecretOne() {
    EncryptionSettings settings =
        EncryptionSettings.of(keys.openPgp(Optional.of("rsa-public"), Optional.of("rsa-secret")));

    assertThat(settings.writing()).containsEntry(KEY, folder.resolve("rsa-public.asc").toString());
    assertThat(settings.reading()).containsEntry(KEY, folder.resolve("rsa-secret.asc").toString());
  }

  @ParameterizedTest
  @EnumSource(value = EncryptionMethod.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  void aMethodWithoutAKeyIsRefusedAndNeverTakenForNone(EncryptionMethod method) {
    var keyless =
        new EncryptionConfig(
            method,
            Optional.empty(),
            KeyTransform.NONE,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            List.of());

    assertThatThrownBy(() -> EncryptionSettings.of(keyless))
        .isInstanceOf(PgBackupException.class)
        .hasMessageStartingWith("there is no key to encrypt with");
  }
}
