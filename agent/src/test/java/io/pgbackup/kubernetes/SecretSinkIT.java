package io.pgbackup.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.pgbackup.config.AccessKeys;
import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.credentials.broker.CredentialSink;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.StoreFolder;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Against the API server of a real Kubernetes that `PGBACKUP_KUBECONFIG` names.
class SecretSinkIT {
  private static final ClusterId CLUSTER = new ClusterId("shop", "orders");

  private final String namespace = "pgbackup-" + UUID.randomUUID().toString().substring(0, 8);
  private final SecretName name = new SecretName(namespace, "orders-store-archiver");
  private KubernetesClient admin;
  private Kubernetes kubernetes;
  private CredentialSink sink;

  @BeforeEach
  void connect() {
    String variable = System.getenv("PGBACKUP_KUBECONFIG");
    assumeTrue(
        variable != null && !variable.isEmpty(),
        "PGBACKUP_KUBECONFIG names no Kubernetes to try it on");
    Path kubeconfig = Path.of(variable);
    admin =
        new KubernetesClientBuilder()
            .withConfig(Config.fromKubeconfig(kubeconfig.toFile()))
            .build();
    admin
        .resource(
            new NamespaceBuilder().withNewMetadata().withName(namespace).endMetadata().build())
        .create();
    kubernetes = Kubernetes.open(kubeconfig);
    sink = kubernetes.secret(name, CLUSTER);
  }

  @AfterEach
  void disconnect() {
    if (admin != null) {
      kubernetes.close();
      admin.secrets().inNamespace(namespace).delete();
      admin.namespaces().withName(namespace).delete();
      admin.close();
    }
  }

  private static CredentialDocument credential(String id) {
    return new CredentialDocument(
        Role.ARCHIVER,
        "backups",
        StoreFolder.of("pgbackup/shop/orders"),
        new AccessKeys(id, "secret-of-" + id, Optional.of("token-of-" + id)),
        Instant.parse("2026-11-21T00:00:00Z"),
        Optional.of(Instant.parse("2026-11-21T12:00:00Z")));
  }

  private Secret stored() {
    return admin.secrets().inNamespace(namespace).withName(name.name()).get();
  }

  @Test
  void makesTheSecretAndSwapsItsContent() {
    assertThat(sink.current()).isEmpty();

    sink.write(credential("one"));
    assertThat(sink.current()).contains(credential("one"));

    sink.write(credential("two"));
    assertThat(sink.current()).contains(credential("two"));
    assertThat(stored().getData()).containsOnlyKeys("credentials.json");
    assertThat(stored().getMetadata().getLabels())
        .containsEntry("app.kubernetes.io/managed-by", "pgbackup-broker");
    assertThat(stored().getMetadata().getAnnotations())
        .containsEntry("pgbackup.io/expiration", "2026-11-21T12:00:00Z");
  }

  @Test
  void whatOthersAddedToItStays() {
    sink.write(credential("one"));
    admin
        .resource(
            new SecretBuilder(stored())
                .editMetadata()
                .addToAnnotations("team", "payments")
                .endMetadata()
                .build())
        .update();

    sink.write(credential("two"));

    assertThat(stored().getMetadata().getAnnotations()).containsEntry("team", "payments");
  }

  @Test
  void aForeignSecretIsNeitherReadNorReplaced() {
    Secret foreign =
        new SecretBuilder()
            .withNewMetadata()
            .withNamespace(namespace)
            .withName(name.name())
            .endMetadata()
            .withStringData(Map.of("credentials.json", "mine"))
            .build();
    admin.resource(foreign).create();
    Map<String, String> before = stored().getData();

    assertRefused(() -> sink.current());
    assertRefused(() -> sink.write(credential("one")));
    assertThat(stored().getData()).isEqualTo(before);
  }

  private static void assertRefused(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(PgBackupException.class)
        .hasMessageContaining("orders-store-archiver")
        .extracting("problem", InstanceOfAssertFactories.type(Problem.class))
        .isInstanceOf(Problem.Refused.class);
  }

  @Test
  void anImmutableSecretIsNamedWithoutItsContent() {
    sink.write(credential("one"));
    admin.resource(new SecretBuilder(stored()).withImmutable(true).build()).update();

    assertThatThrownBy(() -> sink.write(credential("two")))
        .isInstanceOf(PgBackupException.class)
        .hasMessageContaining("the API answered 422")
        .hasMessageNotContaining("secret-of");
    assertThat(sink.current()).contains(credential("one"));
  }

  @Test
  void aNamespaceThatIsMissingIsSaid() {
    CredentialSink nowhere =
        kubernetes.secret(new SecretName("no-such-namespace", "orders"), CLUSTER);

    assertThatThrownBy(() -> nowhere.write(credential("one")))
        .isInstanceOf(PgBackupException.class)
        .hasMessageContaining("there is no such namespace");
  }
}
