package io.pgbackup.kubernetes.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.PolicyRuleBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.pgbackup.config.PgBackupConfig.KubernetesConfig;
import io.pgbackup.kubernetes.ClusterRecords.Kept;
import io.pgbackup.kubernetes.Kubernetes;
import io.pgbackup.status.BackupRunView.State;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Against the API server of a real Kubernetes that `PGBACKUP_KUBECONFIG` names, as a service
/// account with the chart's Role, and with each of its verbs removed once.
class ClusterReportIT {
  private static final String MAP = "orders-pgbackup-status";

  @TempDir private Path token;
  private final String namespace = "pgbackup-" + UUID.randomUUID().toString().substring(0, 8);
  private final AgentState state = new AgentState();
  private Path kubeconfig;
  private KubernetesClient admin;
  private ClusterReport report;

  @BeforeEach
  void connect() throws IOException {
    String variable = System.getenv("PGBACKUP_KUBECONFIG");
    assumeTrue(
        variable != null && !variable.isEmpty(),
        "PGBACKUP_KUBECONFIG names no Kubernetes to try it on");
    kubeconfig = Path.of(variable);
    Config config = Config.fromKubeconfig(kubeconfig.toFile());
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
                .withName("orders")
                .endMetadata()
                .build())
        .create();
    Files.writeString(token.resolve("namespace"), namespace);
    Files.write(token.resolve("ca.crt"), Base64.getDecoder().decode(config.getCaCertData()));
    Files.writeString(
        token.resolve("token"),
        admin
            .serviceAccounts()
            .inNamespace(namespace)
            .withName("orders")
            .tokenRequest(
                new TokenRequestBuilder()
                    .withNewSpec()
                    .withExpirationSeconds(3600L)
                    .endSpec()
                    .build())
            .getStatus()
            .getToken());
    state.now = Instant.now();
    report =
        ClusterReport.of(
            new KubernetesConfig(
                /* enabled= */ true,
                Optional.of("orders-0"),
                Optional.of("pod-uid"),
                Optional.empty(),
                Optional.of(URI.create(config.getMasterUrl())),
                token),
            state::snapshot,
            state::claim,
            state.clock);
  }

  @AfterEach
  void disconnect() {
    if (admin != null) {
      report.close();
      admin.configMaps().inNamespace(namespace).delete();
      admin.namespaces().withName(namespace).delete();
      admin.close();
    }
  }

  /// The chart's Role, which ChartTest holds to these rules.
  private void grant(String without) {
    List<PolicyRule> rules =
        Stream.of(
                rule("", "configmaps", List.of(), without, "create"),
                rule("", "configmaps", List.of(MAP), without, "get", "update"),
                rule("events.k8s.io", "events", List.of(), without, "create", "patch"))
            .filter(rule -> !rule.getVerbs().isEmpty())
            .toList();
    admin
        .resource(
            new RoleBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName("agent")
                .endMetadata()
                .withRules(rules)
                .build())
        .create();
    admin
        .resource(
            new RoleBindingBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName("agent")
                .endMetadata()
                .withNewRoleRef("rbac.authorization.k8s.io", "Role", "agent")
                .addNewSubject(null, "ServiceAccount", "orders", namespace)
                .build())
        .create();
  }

  private static PolicyRule rule(
      String group, String resource, List<String> names, String without, String... verbs) {
    return new PolicyRuleBuilder()
        .withApiGroups(group)
        .withResources(resource)
        .withResourceNames(names)
        .withVerbs(
            Stream.of(verbs).filter(verb -> !(verb + " " + resource).equals(without)).toList())
        .build();
  }

  private void look() {
    state.now = state.now.plusSeconds(61);
    report.look();
  }

  /// A base backup that failed twice in the same way, and one that did not.
  private void live() {
    look();
    state.ran("1", State.FAILED);
    look();
    state.ran("2", State.FAILED);
    state.uid = Optional.of("uid-two");
    state.claimedAt = AgentState.START;
    look();
  }

  private Optional<ConfigMap> map() {
    return Optional.ofNullable(admin.configMaps().inNamespace(namespace).withName(MAP).get());
  }

  private Map<String, String> data() {
    return map().map(ConfigMap::getData).orElse(Map.of());
  }

  private List<String> events() {
    return admin.events().v1().events().inNamespace(namespace).list().getItems().stream()
        .map(
            event ->
                "%s of %s %s%s"
                    .formatted(
                        event.getReason(),
                        event.getRegarding().getName(),
                        event.getRegarding().getUid(),
                        times(event)))
        .sorted()
        .toList();
  }

  private static String times(Event event) {
    return event.getSeries() == null ? "" : " x " + event.getSeries().getCount();
  }

  @Test
  void theChartsRoleSuffices() {
    grant("nothing");
    live();

    assertThat(map().orElseThrow().getMetadata().getLabels())
        .containsEntry("pgbackup.io/record", "cluster");
    assertThat(data()).containsEntry("uid", "uid-two");
    assertThat(data().getOrDefault("lineages", "").lines()).hasSize(2);
    try (Kubernetes kubernetes = Kubernetes.open(kubeconfig)) {
      assertThat(kubernetes.records().list(Optional.of(namespace)))
          .extracting(Kept::name, kept -> kept.record().uid().orElseThrow())
          .containsExactly(tuple(MAP, "uid-two"));
      assertThat(kubernetes.records().list(Optional.empty()))
          .extracting(Kept::namespace)
          .contains(namespace);
    }
    assertThat(events())
        .containsExactly(
            "BaseBackupFailed of orders-0 pod-uid x 2",
            "LineageResolved of orders-0 pod-uid",
            "LineageResolved of orders-0 pod-uid");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "create configmaps",
        "get configmaps",
        "update configmaps",
        "create events",
        "patch events"
      })
  void eachVerbThatIsMissingBreaksWhatTheDocumentationSays(String verb) {
    grant(verb);
    live();

    switch (verb) {
      case "create configmaps", "get configmaps" -> assertThat(map()).isEmpty();
      case "update configmaps" -> assertThat(data()).containsEntry("uid", "uid-one");
      default -> assertThat(data()).containsEntry("uid", "uid-two");
    }
    switch (verb) {
      case "create events" -> assertThat(events()).isEmpty();
      case "patch events" ->
          assertThat(events())
              .contains("BaseBackupFailed of orders-0 pod-uid")
              .noneMatch(event -> event.contains(" x "));
      default -> assertThat(events()).contains("BaseBackupFailed of orders-0 pod-uid x 2");
    }
  }

  @Test
  void withoutCreateARecordThatIsThereIsFilled() {
    grant("create configmaps");
    admin
        .resource(
            new ConfigMapBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(MAP)
                .endMetadata()
                .build())
        .create();
    look();

    assertThat(data()).containsEntry("uid", "uid-one");
  }
}
