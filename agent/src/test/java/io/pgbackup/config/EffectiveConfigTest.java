package io.pgbackup.config;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.config.Setting.Origin;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EffectiveConfigTest {
  private static final String LEAST = "{cluster: {name: orders}, storage: {url: 's3://backups'}}";

  @TempDir private Path folder;

  private Map<String, Setting> settings(Map<String, String> environment, String yaml)
      throws IOException {
    Path file = Files.writeString(folder.resolve("pgbackup.yaml"), yaml);
    return new ConfigLoader(environment)
        .effective(file).settings().stream()
            .collect(Collectors.toMap(Setting::key, setting -> setting));
  }

  private static Setting setting(String key, String value, Origin origin) {
    return new Setting(key, value, origin, Optional.empty());
  }

  @Test
  void tellsOfEachKeyWhereItsValueComesFrom() throws IOException {
    Map<String, Setting> settings =
        settings(
            Map.of("PGBACKUP_WAL_COMPRESSION", "zstd"),
            "{cluster: {name: orders}, storage: {url: 's3://backups'}, backup: {schedule: '0 4 * * *',"
                + " threads: 3}}");

    assertThat(settings.values())
        .contains(
            setting("cluster.name", "orders", Origin.FILE),
            setting("backup.schedule", "0 4 * * *", Origin.FILE),
            setting("backup.threads", "3", Origin.FILE),
            new Setting(
                "wal.compression",
                "zstd",
                Origin.ENVIRONMENT,
                Optional.of("PGBACKUP_WAL_COMPRESSION")),
            setting("backup.timeZone", "UTC", Origin.DEFAULT),
            setting("storage.credentials.file", "", Origin.DEFAULT));
  }

  @Test
  void everyKeyIsThereAndItsDefaultIsWhatTheFileWouldSay() throws IOException {
    Map<String, Setting> settings = settings(Map.of(), LEAST);

    assertThat(settings.keySet())
        .containsExactlyInAnyOrderElementsOf(
            ConfigLoader.keys().stream()
                .filter(key -> ConfigLoader.keys().stream().noneMatch(isIn(key)))
                .filter(key -> !key.startsWith("broker."))
                .toList());
    String again =
        settings.values().stream()
            .filter(setting -> !setting.value().isEmpty())
            // whoever writes a rule down lets the agent delete
            .filter(setting -> !setting.key().matches("retention\\.(keep.*|window)"))
            // and nobody transforms a key who has none
            .filter(setting -> !setting.key().equals("encryption.keyTransform"))
            .map(EffectiveConfigTest::asVariable)
            .collect(Collectors.joining("\n"));
    Map<String, String> environment =
        again.lines().collect(Collectors.toMap(it -> it.split("=")[0], it -> it.split("=", 2)[1]));
    assertThat(new ConfigLoader(environment).parse("again", ""))
        .isEqualTo(new ConfigLoader(Map.of()).parse("least", LEAST));
  }

  private static Predicate<String> isIn(String section) {
    return key -> key.startsWith(section + ".");
  }

  private static String asVariable(Setting setting) {
    return Section.variableOf(setting.key()) + "=" + setting.value();
  }

  @Test
  void whatFollowsFromOtherKeysIsShown() throws IOException {
    Map<String, Setting> settings =
        settings(
            Map.of("PGBACKUP_WALG", "/opt/wal-g"),
            """
            cluster: { name: orders }
            storage: { url: "s3://backups", cloudflareAccountId: 0123456789abcdef0123456789abcdef }
            engine: { wal: wal-g }
            retention: { window: 36h }
            """);

    assertThat(requireNonNull(settings.get("storage.endpoint")).value())
        .isEqualTo("https://0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com");
    assertThat(requireNonNull(settings.get("storage.region")).value()).isEqualTo("auto");
    assertThat(requireNonNull(settings.get("storage.pathStyle")).value()).isEqualTo("true");
    assertThat(requireNonNull(settings.get("engine.walgBinary")).value()).isEqualTo("/opt/wal-g");
    assertThat(requireNonNull(settings.get("retention.run")).value()).isEqualTo("agent");
    assertThat(settings.get("retention.window"))
        .isEqualTo(setting("retention.window", "36h", Origin.FILE));
  }

  @Test
  void whoIssuesCredentialsNamesNoCluster() throws IOException {
    Map<String, Setting> settings =
        settings(
            Map.of(),
            """
            storage: { url: "s3://backups", endpoint: "https://minio.example:9000" }
            broker: { kind: minio, accessKeyIdFile: /k/id, secretAccessKeyFile: /k/secret }
            """);

    assertThat(requireNonNull(settings.get("broker.secretAccessKeyFile")).value())
        .isEqualTo("/k/secret");
    assertThat(settings).doesNotContainKey("cluster.name");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "postgres.passwordFile",
        "storage.credentials.file",
        "storage.credentials.accessKeyIdFile",
        "storage.credentials.secretAccessKeyFile",
        "storage.credentials.sessionTokenFile",
        "encryption.keyFile",
        "encryption.secretKeyFile",
        "encryption.passphraseFile",
        "encryption.previousKeyFiles",
        "http.tokenFile",
        "broker.accessKeyIdFile",
        "broker.secretAccessKeyFile"
      })
  void aSecretInThePlaceOfItsFileIsNotRepeated(String key) {
    for (String secret : List.of("correct-horse", "correct-horse\0staple")) {
      assertThatThrownBy(
              () -> new ConfigLoader(Map.of(Section.variableOf(key), secret)).parse("least", LEAST))
          .hasMessageContaining(key)
          .hasMessageNotContaining("correct");
    }
  }
}
