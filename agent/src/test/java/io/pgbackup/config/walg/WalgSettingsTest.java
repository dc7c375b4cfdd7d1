package io.pgbackup.config.walg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.pgbackup.config.AccessKeys;
import io.pgbackup.config.ConfigLoader;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.problem.PgBackupException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WalgSettingsTest {
  @TempDir private Path folder;

  private static WalgSettings of(String... namesAndValues) {
    Map<String, String> settings = new HashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      settings.put(namesAndValues[i], namesAndValues[i + 1]);
    }
    return WalgSettings.of(settings);
  }

  private static StorageConfig storage(WalgSettings settings) {
    Map<String, String> overrides = settings.overrides();
    return new ConfigLoader(overrides)
        .fromStoreUrl(overrides.getOrDefault("PGBACKUP_STORAGE_URL", ""));
  }

  @Test
  void anS3PrefixIsABucketAndALiteralFolder() {
    StorageConfig storage = storage(of("WALG_S3_PREFIX", "s3://backups/spilo/orders/u-1/wal/15/"));

    assertThat(storage.url()).hasToString("s3://backups");
    assertThat(storage.prefix()).isEqualTo("spilo/orders/u-1/wal/15");
    assertThat(storage.endpoint()).isEmpty();
  }

  @Test
  void aBucketsRootIsAFolderToo() {
    StorageConfig storage = storage(of("WALE_S3_PREFIX", "s3://backups"));

    assertThat(storage.prefix()).isEqualTo("/");
  }

  @Test
  void aDirectoryIsAStore() {
    StorageConfig storage =
        storage(of("WALG_FILE_PREFIX", "/mnt/my backups/", "WALG_STORAGE_PREFIX", "/orders"));

    assertThat(Path.of(storage.url())).isEqualTo(Path.of("/mnt/my backups"));
    assertThat(storage.prefix()).isEqualTo("orders");
    assertThat(storage(of("WALG_FILE_PREFIX", "file://localhost/mnt/b")).url())
        .hasToString("file:///mnt/b");
  }

  @Test
  void s3GoesBeforeADirectoryAndBeforeOtherStorages() {
    WalgSettings settings =
        of(
            "WALG_FILE_PREFIX",
            "/mnt",
            "WALG_S3_PREFIX",
            "s3://backups/a",
            "WALG_GS_PREFIX",
            "gs://x");

    assertThat(storage(settings).url()).hasToString("s3://backups");
    assertThat(settings.ignored()).containsExactlyInAnyOrder("WALG_FILE_PREFIX", "WALG_GS_PREFIX");
  }

  @Test
  void theBareNameGoesBeforeWalGsAndThatBeforeWalEs() {
    String[] all = {"AWS_REGION", "a", "WALG_AWS_REGION", "b", "WALE_AWS_REGION", "c"};
    String[] prefixed = {"AWS_REGION", "", "WALG_AWS_REGION", "b", "WALE_AWS_REGION", "c"};

    assertThat(storage(withBucket(all)).region()).isEqualTo("a");
    assertThat(storage(withBucket(prefixed)).region()).isEqualTo("b");
  }

  private static WalgSettings withBucket(String... more) {
    String[] all = new String[more.length + 2];
    all[0] = "WALG_S3_PREFIX";
    all[1] = "s3://backups/orders";
    System.arraycopy(more, 0, all, 2, more.length);
    return of(all);
  }

  @Test
  void anEndpointHasPathStyleOnlyWhereItIsAskedFor() {
    StorageConfig plain = storage(withBucket("AWS_ENDPOINT", "http://127.0.0.1:9000"));
    StorageConfig forced =
        storage(
            withBucket(
                "AWS_ENDPOINT", "https://minio.example:9000",
                "AWS_S3_FORCE_PATH_STYLE", "True",
                "WALG_S3_CA_CERT_FILE", "/etc/ca.pem"));

    assertThat(plain.pathStyle()).isFalse();
    assertThat(forced.pathStyle()).isTrue();
    assertThat(forced.endpoint().orElseThrow()).hasToString("https://minio.example:9000");
    assertThat(forced.caFile()).contains(Path.of("/etc/ca.pem"));
  }

  @Test
  void anEndpointInWalEsFormCountsWhereThereIsNoOther() {
    StorageConfig storage =
        storage(withBucket("WALE_S3_ENDPOINT", "https+path://minio.example:9000"));

    assertThat(storage.endpoint().orElseThrow()).hasToString("https://minio.example:9000");
    assertThat(storage.pathStyle()).isTrue();
  }

  @Test
  void keysAreTakenAndNeverPrinted() {
    WalgSettings settings =
        withBucket(
            "AWS_ACCESS_KEY",
            "AKIA",
            "AWS_SECRET_ACCESS_KEY",
            " s3cr3t\n",
            "AWS_SESSION_TOKEN",
            "t0k3n",
            "WALG_LIBSODIUM_KEY",
            "k3y");

    assertThat(settings.credentials())
        .contains(new AccessKeys("AKIA", "s3cr3t", Optional.of("t0k3n")));
    assertThat(settings.toString()).doesNotContain("s3cr3t", "t0k3n", "k3y", "AKIA");
    assertThat(settings.overrides().values()).doesNotContain("s3cr3t", "k3y");
  }

  @Test
  void aKeyWithoutItsSecretIsRefused() {
    assertThatExceptionOfType(PgBackupException.class)
        .isThrownBy(() -> withBucket("AWS_ACCESS_KEY_ID", "AKIA"))
        .withMessageContaining("AWS_SECRET_ACCESS_KEY");
  }

  @Test
  void libsodiumsKeyIsAFileOrASecret() {
    assertThat(
            withBucket(
                    "WALG_LIBSODIUM_KEY_PATH", "/etc/key",
                    "WALG_LIBSODIUM_KEY_TRANSFORM", "hex")
                .overrides())
        .containsEntry("PGBACKUP_ENCRYPTION_METHOD", "libsodium")
        .containsEntry("PGBACKUP_ENCRYPTION_KEY_FILE", "/etc/key")
        .containsEntry("PGBACKUP_ENCRYPTION_KEY_TRANSFORM", "hex");
    assertThat(
            withBucket("WALG_LIBSODIUM_KEY", "k3y", "WALG_LIBSODIUM_KEY_PATH", "/etc/key")
                .secrets())
        .containsEntry("PGBACKUP_ENCRYPTION_KEY_FILE", new WalgSettings.Secret("k3y"));
  }

  @Test
  void openPgpGoesBeforeLibsodium() {
    WalgSettings settings =
        withBucket(
            "WALG_PGP_KEY",
            "-----BEGIN\\n\\nab",
            "WALG_PGP_KEY_PASSPHRASE",
            "p4ss",
            "WALG_LIBSODIUM_KEY",
            "k3y");

    assertThat(settings.overrides()).containsEntry("PGBACKUP_ENCRYPTION_METHOD", "openpgp");
    assertThat(settings.secrets())
        .containsEntry(
            "PGBACKUP_ENCRYPTION_SECRET_KEY_FILE", new WalgSettings.Secret("-----BEGIN\n\nab"))
        .containsEntry("PGBACKUP_ENCRYPTION_PASSPHRASE_FILE", new WalgSettings.Secret("p4ss"))
        .doesNotContainKey("PGBACKUP_ENCRYPTION_KEY_FILE");
  }

  @Test
  void aPublicKeyOnlyEncrypts() throws IOException {
    Path key = Files.writeString(folder.resolve("key.asc"), "-----BEGIN PGP PUBLIC KEY BLOCK-----");

    assertThat(withBucket("WALG_PGP_KEY_PATH", key.toString()).overrides())
        .containsEntry("PGBACKUP_ENCRYPTION_PUBLIC_KEY_FILE", key.toString())
        .doesNotContainKey("PGBACKUP_ENCRYPTION_SECRET_KEY_FILE");
    assertThat(withBucket("WALG_PGP_KEY_PATH", "/nowhere/key.asc").overrides())
        .containsEntry("PGBACKUP_ENCRYPTION_SECRET_KEY_FILE", "/nowhere/key.asc");
  }

  @Test
  void compressionAndDeltasAreOurs() {
    assertThat(
            withBucket(
                    "WALG_COMPRESSION_METHOD",
                    "zstd",
                    "WALG_DELTA_MAX_STEPS",
                    "6",
                    "WALG_DELTA_ORIGIN",
                    "LATEST_FULL")
                .overrides())
        .containsEntry("PGBACKUP_WAL_COMPRESSION", "zstd")
        .containsEntry("PGBACKUP_BACKUP_COMPRESSION", "zstd")
        .containsEntry("PGBACKUP_BACKUP_DELTA_MAX_STEPS", "6")
        .containsEntry("PGBACKUP_BACKUP_DELTA_ORIGIN", "latest-full");
  }

  @ParameterizedTest
  @CsvSource({
    "WALG_GS_PREFIX, gs://b, Google",
    "WALE_GS_PREFIX, gs://b, Google",
    "WALG_AZ_PREFIX, azure://b, Azure",
    "WALG_SSH_PREFIX, ssh://b, SSH",
    "WALG_SWIFT_PREFIX, swift://b, Swift",
    "WALG_OSS_PREFIX, oss://b, Alibaba",
  })
  void aStorageThatWeDoNotHaveIsRefusedByName(String name, String value, String called) {
    assertThatExceptionOfType(PgBackupException.class)
        .isThrownBy(() -> of(name, value))
        .withMessageContaining(name)
        .withMessageContaining(called);
  }

  @ParameterizedTest
  @CsvSource({
    "WALG_CSE_KMS_ID",
    "YC_CSE_KMS_KEY_ID",
    "WALG_ENVELOPE_PGP_KEY_PATH",
    "WALE_GPG_KEY_ID",
    "WALG_S3_SSE_C",
    "S3_ENDPOINT_SOURCE"
  })
  void whatMakesObjectsUnreadableIsRefusedByName(String name) {
    assertThatExceptionOfType(PgBackupException.class)
        .isThrownBy(() -> withBucket(name, "some-v4lue"))
        .withMessageContaining(name)
        .withMessageNotContaining("some-v4lue");
  }

  @Test
  void whatMeansNothingHereIsListedByName() {
    assertThat(
            withBucket(
                    "WALG_UPLOAD_CONCURRENCY",
                    "4",
                    "WALG_S3_SSE",
                    "AES256",
                    "AWS_ROLE_ARN",
                    "arn",
                    "WALE_LOG_DESTINATION",
                    "stderr",
                    "PGPORT",
                    "5432",
                    "TMPDIR",
                    "/tmp",
                    "WALG_S3_STORAGE_CLASS",
                    "")
                .ignored())
        .containsExactlyInAnyOrder(
            "WALG_UPLOAD_CONCURRENCY", "WALG_S3_SSE", "AWS_ROLE_ARN", "WALE_LOG_DESTINATION");
  }

  @Test
  void nothingThatNamesAnArchiveIsRefused() {
    assertThatExceptionOfType(PgBackupException.class)
        .isThrownBy(() -> of("PGPORT", "5432"))
        .withMessageContaining("WALG_S3_PREFIX");
  }

  @Test
  void spilosEnvdirIsRead() throws IOException {
    // as configure_spilo.py writes it
    Path env = Files.createDirectories(folder.resolve("env"));
    Files.writeString(env.resolve("WALE_S3_PREFIX"), "s3://backups/spilo/orders/u-1/wal/15");
    Files.writeString(env.resolve("WALG_S3_PREFIX"), "s3://backups/spilo/orders/u-1/wal/15");
    Files.writeString(env.resolve("AWS_ACCESS_KEY_ID"), "AKIA\n");
    Files.writeString(env.resolve("AWS_SECRET_ACCESS_KEY"), "s3cr3t \nsecond line");
    Files.writeString(env.resolve("WALE_S3_ENDPOINT"), "https+path://minio.example:9000");
    Files.writeString(env.resolve("AWS_ENDPOINT"), "https://minio.example:9000");
    Files.writeString(env.resolve("AWS_S3_FORCE_PATH_STYLE"), "true");
    Files.writeString(env.resolve("WALG_DOWNLOAD_CONCURRENCY"), "4");
    Files.writeString(env.resolve("USE_WALG_BACKUP"), "true");
    Files.writeString(env.resolve("BACKUP_NUM_TO_RETAIN"), "5");
    Files.createDirectory(env.resolve("..data"));

    WalgSettings settings = WalgSettings.read(env);

    assertThat(storage(settings).prefix()).isEqualTo("spilo/orders/u-1/wal/15");
    assertThat(storage(settings).pathStyle()).isTrue();
    assertThat(settings.credentials()).contains(new AccessKeys("AKIA", "s3cr3t", Optional.empty()));
    assertThat(settings.ignored()).containsExactly("WALG_DOWNLOAD_CONCURRENCY");
  }

  @Test
  void walGsOwnConfigurationFilesAreRead() throws IOException {
    Path json =
        Files.writeString(
            folder.resolve(".walg.json"),
            "{\"WALG_S3_PREFIX\": \"s3://backups/orders\", \"WALG_DELTA_MAX_STEPS\": 6,"
                + " \"aws_s3_force_path_style\": true, \"AWS_ENDPOINT\": \"http://127.0.0.1:9\"}");
    Path yaml =
        Files.writeString(
            folder.resolve("walg.yaml"), "WALG_FILE_PREFIX: /mnt/backups\nPGPORT: 1\n");

    assertThat(WalgSettings.read(json).overrides())
        .containsEntry("PGBACKUP_BACKUP_DELTA_MAX_STEPS", "6")
        .containsEntry("PGBACKUP_STORAGE_PATH_STYLE", "true");
    assertThat(WalgSettings.read(yaml).overrides())
        .containsEntry("PGBACKUP_STORAGE_URL", "file:///mnt/backups");
  }

  @ParameterizedTest
  @CsvSource({"env, 'A=1\nSECRET=$s3cr3t'", ".walg.json, '{\"a\": \"s3cr3t\" \"b\"}'"})
  void whatCannotBeReadIsRefusedWithoutShowingIt(String name, String content) throws IOException {
    Path file = Files.writeString(folder.resolve(name), content);

    assertThatExceptionOfType(PgBackupException.class)
        .isThrownBy(() -> WalgSettings.read(file))
        .withMessageContaining(file.toString())
        .withMessageContaining("line ")
        .withMessageNotContaining("s3cr3t");
  }

  @Test
  void aFileThatIsNotThereIsNamed() {
    assertThatExceptionOfType(PgBackupException.class)
        .isThrownBy(() -> WalgSettings.read(folder.resolve("none")))
        .withMessageContaining("there is no such file");
  }
}
