package io.pgbackup.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.config.BrokerConfig.BrokerKind;
import io.pgbackup.config.BrokerConfig.ParentKeys;
import io.pgbackup.credentials.policy.Role;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BrokerConfigTest {
  private static final String ACCOUNT = "0123456789abcdef0123456789abcdef";
  private static final String KEYS = "accessKeyIdFile: /k/id, secretAccessKeyFile: /k/secret";

  private static BrokerConfig broker(String storage, String broker) {
    return new ConfigLoader(Map.of())
        .parseBroker(
            "configuration",
            "storage: {url: 's3://backups', %s}\nbroker: {%s}".formatted(storage, broker))
        .broker();
  }

  @Test
  void minioIsReachedWhereTheStoreIs() {
    BrokerConfig broker =
        broker(
            "endpoint: 'https://minio:9000'",
            "kind: minio, %s, timeToLive: {archiver: 6h}".formatted(KEYS));

    assertThat(broker.kind()).isEqualTo(BrokerKind.MINIO);
    assertThat(broker.endpoint()).contains(URI.create("https://minio:9000"));
    assertThat(broker.keys()).contains(new ParentKeys(Path.of("/k/id"), Path.of("/k/secret")));
    assertThat(broker.timeToLive()).isEqualTo(Map.of(Role.ARCHIVER, Duration.ofHours(6)));
  }

  @Test
  void oneArnStandsForEveryRoleWithoutOne() {
    BrokerConfig broker =
        broker(
            "region: eu-central-1",
            "kind: aws, roleArn: 'arn:aws:iam::123456789012:role/any',"
                + " roleArns: {retention: 'arn:aws:iam::123456789012:role/deletes'}");

    assertThat(broker.roleArns())
        .containsEntry(Role.ARCHIVER, "arn:aws:iam::123456789012:role/any")
        .containsEntry(Role.RETENTION, "arn:aws:iam::123456789012:role/deletes")
        .containsEntry(Role.RESTORER, "arn:aws:iam::123456789012:role/any");
    assertThat(broker.keys()).isEmpty();
  }

  @Test
  void r2IsKnownByTheStoresAddress() {
    BrokerConfig plain =
        broker("cloudflareAccountId: '%s'".formatted(ACCOUNT), "kind: r2, " + KEYS);
    BrokerConfig inEurope =
        broker(
            "endpoint: 'https://%s.eu.r2.cloudflarestorage.com'".formatted(ACCOUNT),
            "kind: r2, " + KEYS);

    assertThat(plain.cloudflareAccountId()).contains(ACCOUNT);
    assertThat(plain.jurisdiction()).isEmpty();
    assertThat(inEurope.cloudflareAccountId()).contains(ACCOUNT);
    assertThat(inEurope.jurisdiction()).contains("eu");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          kind: minio                                        | broker.accessKeyIdFile: missing
          kind: minio, accessKeyIdFile: /k                   | broker.secretAccessKeyFile: missing
          kind: minio, accessKeyIdFile: /k, secretAccessKeyFile: /s | broker.endpoint: missing
          kind: minio, accessKeyId: me                       | broker.accessKeyId: put it in a file
          kind: aws                                          | broker.roleArns.archiver: missing
          kind: aws, roleArn: me                             | must be like arn:aws:iam
          kind: r2, accessKeyIdFile: /k, secretAccessKeyFile: /s | broker.cloudflareAccountId: missing
          kind: r2, endpoint: 'https://api.example'           | broker.endpoint: means nothing to the kind r2
          kind: static                                       | broker.keysDirectory: missing
          kind: static, keysDirectory: /k, roleArn: 'arn:aws:iam::123456789012:role/x' | roleArn: means nothing to the kind static
          kind: static, keysDirectory: /k, timeToLive: {archiver: 6h} | timeToLive: means nothing to the kind static
          kind: vault                                        | must be minio, aws, r2 or static
          keysDirectory: /k                                  | broker.kind: missing
          """)
  void whatDoesNotFitIsNamed(String broker, String fault) {
    assertThatThrownBy(() -> broker("region: eu-central-1", broker)).hasMessageContaining(fault);
  }

  @Test
  void aConfigurationForOneClusterMayHaveNone() {
    String yaml = "{cluster: {name: orders}, storage: {url: 's3://backups'}}";

    assertThat(new ConfigLoader(Map.of()).parse("it", yaml).broker()).isEmpty();
    assertThatThrownBy(() -> new ConfigLoader(Map.of()).parseBroker("it", yaml))
        .hasMessage("it has no section 'broker'");
  }
}
