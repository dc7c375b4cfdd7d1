package io.pgbackup.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.pgbackup.config.AccessKeys;
import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.store.StoreFolder;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoreSecretTest {
  private static final ClusterId CLUSTER = new ClusterId("1234", "orders");
  private static final CredentialDocument DOCUMENT =
      new CredentialDocument(
          Role.ARCHIVER,
          "backups",
          StoreFolder.of("pgbackup/1234/orders"),
          new AccessKeys("id", "very-secret", Optional.of("token")),
          Instant.parse("2026-11-21T00:00:00Z"),
          Optional.of(Instant.parse("2026-11-21T12:00:00Z")));

  private static StoreSecret secret() {
    return new StoreSecret(SecretName.of(CLUSTER, Role.ARCHIVER), CLUSTER, DOCUMENT);
  }

  @Test
  void theManifestIsASecretWithTheWholeDocumentUnderOneKey() throws IOException {
    JsonNode manifest = new YAMLMapper().readTree(secret().manifest());

    assertThat(manifest.path("kind").textValue()).isEqualTo("Secret");
    assertThat(manifest.path("metadata").path("name").textValue())
        .isEqualTo("orders-store-archiver");
    assertThat(manifest.path("metadata").path("namespace").textValue()).isEqualTo("1234");
    assertThat(manifest.path("metadata").path("labels").path(StoreSecret.MANAGED_BY).textValue())
        .isEqualTo("pgbackup-broker");
    assertThat(
            manifest.path("metadata").path("annotations").path("pgbackup.io/expiration").asText())
        .isEqualTo("2026-11-21T12:00:00Z");
    assertThat(
            CredentialDocument.parse(manifest.path("data").path("credentials.json").binaryValue()))
        .isEqualTo(DOCUMENT);
    assertThat(manifest.path("data")).hasSize(1);
  }

  @Test
  void itsTextShowsNoSecret() {
    assertThat(secret().toString()).doesNotContain("very-secret", "token");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Orders", "orders_1", "orders.", "-orders"})
  void namesThatKubernetesDoesNotHaveAreRefused(String name) {
    assertThatThrownBy(() -> new SecretName("shop", name))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
