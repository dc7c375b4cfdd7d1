package io.pgbackup.kubernetes.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBindingBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// As somebody with the Role that `pgbackup k8s rbac` prints, against the API server of a real
/// Kubernetes that `PGBACKUP_KUBECONFIG` names.
class SuperuserSecretIT {
  private static final String PERSON = "anna";

  private final String namespace = "pgbackup-" + UUID.randomUUID().toString().substring(0, 8);
  private final StatefulSetName orders = new StatefulSetName(namespace, "orders");
  private final SuperuserSecret secret =
      new SuperuserSecret(orders, "orders-superuser", "pass.word", List.of("replication"));
  private KubernetesClient admin;
  private KubernetesClient person;
  private ClusterApi api;

  @BeforeEach
  void connect() {
    String variable = System.getenv("PGBACKUP_KUBECONFIG");
    assumeTrue(
        variable != null && !variable.isEmpty(),
        "PGBACKUP_KUBECONFIG names no Kubernetes to try it on");
    Config config = Config.fromKubeconfig(Path.of(variable).toFile());
    admin = new KubernetesClientBuilder().withConfig(config).build();
    admin
        .resource(
            new NamespaceBuilder().withNewMetadata().withName(namespace).endMetadata().build())
        .create();
    admin
        .resource(
            new ServiceAccountBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(PERSON)
                .endMetadata()
                .build())
        .create();
    String token =
        admin
            .serviceAccounts()
            .inNamespace(namespace)
            .withName(PERSON)
            .tokenRequest(
                new TokenRequestBuilder()
                    .withNewSpec()
                    .withExpirationSeconds(3600L)
                    .endSpec()
                    .build())
            .getStatus()
            .getToken();
    person =
        new KubernetesClientBuilder()
            .withConfig(
                new ConfigBuilder()
                    .withAutoConfigure(false)
                    .withMasterUrl(config.getMasterUrl())
                    .withCaCertData(config.getCaCertData())
                    .withOauthToken(token)
                    .build())
            .build();
    api = new ClusterApi(person, orders, Clock.systemUTC());
  }

  @AfterEach
  void disconnect() {
    if (admin != null) {
      admin.secrets().inNamespace(namespace).delete();
      admin.namespaces().withName(namespace).delete();
      admin.close();
      person.close();
    }
  }

  private void grant() {
    Role role = Serialization.unmarshal(StatefulSetRestore.secretRole(namespace), Role.class);
    admin.resource(role).create();
    admin
        .resource(
            new RoleBindingBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(PERSON)
                .endMetadata()
                .withNewRoleRef("rbac.authorization.k8s.io", "Role", role.getMetadata().getName())
                .addNewSubject(null, "ServiceAccount", PERSON, namespace)
                .build())
        .create();
  }

  private Optional<Secret> stored() {
    return Optional.ofNullable(
        admin.secrets().inNamespace(namespace).withName("orders-superuser").get());
  }

  private static String text(String data) {
    return new String(Base64.getDecoder().decode(data), StandardCharsets.UTF_8);
  }

  @Test
  void whoMayCreateItMakesItOnceAndNeverChangesIt() {
    grant();
    assertThat(api.missing(Right.SECRET)).isEmpty();

    assertThat(api.make(secret.empty(), true)).isTrue();
    assertThat(stored()).isEmpty();

    assertThat(api.make(secret.filled(new SecureRandom()), false)).isTrue();
    Map<String, String> made = stored().orElseThrow().getData();
    assertThat(made).containsOnlyKeys("pass.word", "replication");
    assertThat(made).allSatisfy((_, data) -> assertThat(text(data)).matches("[A-Za-z0-9_-]{32}"));
    assertThat(stored().orElseThrow().getMetadata().getLabels())
        .containsEntry("app.kubernetes.io/managed-by", "pgbackup");

    assertThat(api.make(secret.empty(), true)).isFalse();
    assertThat(api.make(secret.filled(new SecureRandom()), false)).isFalse();
    assertThat(stored().orElseThrow().getData()).isEqualTo(made);
  }

  @Test
  void withoutTheRightItIsKnownBeforehandAndTheApiRefusesIt() {
    assertThat(api.missing(Right.SECRET)).isEqualTo(Right.SECRET);

    assertThatThrownBy(() -> api.make(secret.filled(new SecureRandom()), false))
        .isInstanceOf(PgBackupException.class)
        .hasMessage("cannot make the Secret orders-superuser: the API answered 403")
        .extracting("problem", InstanceOfAssertFactories.type(Problem.class))
        .isInstanceOf(Problem.Misconfigured.class);
    assertThat(stored()).isEmpty();
  }

  @Test
  void aKeyThatKubernetesDoesNotTakeIsToldWithoutThePassword() {
    grant();
    Secret impossible =
        new SuperuserSecret(orders, "orders-superuser", "a/b", List.of())
            .filled(new SecureRandom());

    assertThatThrownBy(() -> api.make(impossible, false))
        .isInstanceOf(PgBackupException.class)
        .hasMessage("cannot make the Secret orders-superuser: the API answered 422")
        .hasMessageNotContaining(impossible.getStringData().get("a/b"));
  }
}
