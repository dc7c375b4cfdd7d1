package io.pgbackup.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.config.ConfigLoader;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.lineage.ClusterId;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The `pgbackup.yaml` that the chart makes of its values is one that the agent takes.
class ChartConfigTest {
  @BeforeAll
  static void requireHelm() {
    Helm.requireProgram();
  }

  private static PgBackupConfig read(String... settings) {
    return new ConfigLoader(Map.of())
        .parse(
            "pgbackup.yaml",
            Helm.with(settings)
                .one("ConfigMap", "orders-pgbackup")
                .at("/data/pgbackup.yaml")
                .asText());
  }

  static Stream<List<String>> values() {
    return Stream.of(
        List.of(),
        List.of(ChartTest.EVERYTHING),
        List.of(ChartTest.BROKER),
        List.of("credentials.existingSecret="),
        List.of("credentials.sessionTokenKey=AWS_SESSION_TOKEN"),
        List.of("standby=true", "bootstrap.cluster=there", "bootstrap.existingSecret=reader"),
        List.of(
            "standby=true",
            "bootstrap.cluster=there",
            "bootstrap.existingSecret=reader",
            "credentials.existingSecret="),
        List.of("agent.kubernetes.enabled=false", "agent.apiTokenSecret.name=api"),
        List.of("cluster.name=there", "cluster.uid=u1", "postgres.superuser=root"),
        List.of(
            "config.storage.endpoint=https://minio.example:9000",
            "config.storage.caFile=/ca/ca.crt",
            "config.retention.keepFull=7",
            "config.retention.window=14d",
            "config.backup.compression=zstd"));
  }

  @ParameterizedTest
  @MethodSource("values")
  void theAgentTakesWhatTheChartMakes(List<String> settings) {
    PgBackupConfig config = read(settings.toArray(String[]::new));

    assertThat(config.storage().url()).isEqualTo(URI.create("s3://backups"));
    assertThat(config.http().toString()).contains("9797");
  }

  /// As docs/kubernetes.md maps them, one by one.
  @ParameterizedTest
  @ValueSource(strings = {"AWS_ACCESS_KEY_ID", "access_key_id"})
  void anExistingSetUpOfR2IsTakenUnderItsNewNames(String key) {
    String account = "0123456789abcdef0123456789abcdef";
    PgBackupConfig config =
        read(
            "config.storage.cloudflareAccountId=" + account,
            "config.storage.url=s3://company-backups",
            "credentials.existingSecret=r2",
            "credentials.accessKeyIdKey=" + key,
            "config.backup.schedule=0 3 * * *",
            "config.storage.prefix=backups/$(CLUSTER)/$(UID)/$(PGVERSION)");

    assertThat(config.storage().endpoint())
        .contains(URI.create("https://" + account + ".r2.cloudflarestorage.com"));
    assertThat(config.storage().region()).isEqualTo("auto");
    assertThat(config.storage().url()).isEqualTo(URI.create("s3://company-backups"));
    assertThat(config.storage().credentials()).isPresent();
    assertThat(config.storage().prefix()).isEqualTo("backups/$(CLUSTER)/$(UID)/$(PGVERSION)");
    assertThat(config.backup().schedule().toString()).contains("0 3 * * *");
  }

  @Test
  void theAgentBesideAStandbyOfAnArchiveIsOneOfTheClusterThatItFollows() {
    PgBackupConfig config =
        read("standby=true", "bootstrap.cluster=there", "bootstrap.namespace=elsewhere");

    assertThat(new ClusterId(config.cluster().namespace(), config.cluster().name()))
        .hasToString("elsewhere/there");
  }
}
