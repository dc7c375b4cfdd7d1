package io.pgbackup.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What the chart makes of its values, without a cluster.
class ChartTest {
  private static final Path SNAPSHOTS = Path.of("src", "test", "resources", "chart");

  /// Every part of the chart that is off by default.
  private static final String[] EVERYTHING = {
    "bootstrap.cluster=orders",
    "bootstrap.timestamp=2026-11-21T02:13:37Z",
    "bootstrap.existingSecret=bucket-restorer",
    "metrics.podMonitor.enabled=true",
    "metrics.prometheusRule.enabled=true",
    "metrics.dashboard.enabled=true",
    "retentionJob.enabled=true",
    "retentionJob.existingSecret=bucket-retention",
    "networkPolicy.enabled=true",
    "networkPolicy.metricsFrom[0].namespaceSelector.matchLabels.name=monitoring",
    "networkPolicy.egress.enabled=true",
    "networkPolicy.postgresFrom[0].podSelector.matchLabels.app=shop",
    "replicas=3",
    "agent.apiTokenSecret.name=api",
    "global.imageRegistry=registry.example",
    "global.imagePullSecrets[0].name=everywhere",
    "imagePullSecrets[0].name=here",
  };

  @BeforeAll
  static void requireHelm() {
    Helm.requireProgram();
  }

  @Test
  void itIsWellFormed() {
    assertThat(Helm.with(EVERYTHING).lint().status()).isZero();
  }

  /// Written anew with `-Dpgbackup.chart=write`, to be looked at as a diff.
  @ParameterizedTest
  @ValueSource(strings = {"least", "everything"})
  void itRendersAsBefore(String name) throws IOException {
    Helm helm = name.equals("least") ? Helm.with() : Helm.with(EVERYTHING);
    // both are files of their own, compared elsewhere
    String rendered =
        helm.text()
            .replaceAll("(?s)(pgbackup\\.json: \\|\n).*?\n---", "$1    (the dashboard)\n---")
            .replaceAll("(?s)(\nspec:\n)  # Prometheus.*?\n---", "$1  (the rules)\n---");
    Path snapshot = SNAPSHOTS.resolve(name + ".yaml");
    if ("write".equals(System.getProperty("pgbackup.chart"))) {
      Files.createDirectories(SNAPSHOTS);
      Files.writeString(snapshot, rendered);
    }

    assertThat(rendered).isEqualTo(Files.readString(snapshot));
  }

  @ParameterizedTest
  @CsvSource({
    "postgres.existingSecret=, postgres.existingSecret",
    "config.storage.url=http://x, config.storage.url",
    "postgres.parameters.archive_mode=off, archive_mode",
    "unknown=1, unknown",
    "terminationGracePeriodSeconds=5, terminationGracePeriodSeconds",
    "retentionJob.enabled=true, retentionJob",
    "networkPolicy.egress.storagePorts[0]=0, storagePorts",
    "networkPolicy.egress.prots[0]=1, prots",
    "metrics.dashboard.labels.a=1, metrics.dashboard.labels.a",
    "replicas=0, replicas",
    "replication.user=postgres, replication.user",
    "replication.user=a-b, replication.user",
    "cluster.uid=a/b, cluster.uid",
    "bootstrap.timestamp=2026-11-21T02:13:37Z, bootstrap.timestamp",
    "bootstrap.uid=u, bootstrap.uid",
    "'bootstrap.cluster=a,bootstrap.prefix=b', bootstrap.cluster",
    "'bootstrap.cluster=a,bootstrap.timestamp=2026-11-21T02:13:37', bootstrap.timestamp",
  })
  void whatCannotWorkIsRefusedByTheSchema(String wrong, String named) {
    Helm.Answer answer = Helm.with(wrong).render();

    assertThat(answer.status()).isNotZero();
    assertThat(answer.errors()).contains(named.substring(named.lastIndexOf('.') + 1));
  }

  @Test
  void theAgentAndTheJobDoNotBothDelete() {
    Helm.Answer both =
        Helm.with(
                "retentionJob.enabled=true",
                "retentionJob.existingSecret=x",
                "config.retention.run=agent")
            .render();

    assertThat(both.status()).isNotZero();
    assertThat(both.errors()).contains("retention.run");
    assertThat(configuration(Helm.with(EVERYTHING))).contains("retention:\n  run: job");
    assertThat(configuration(Helm.with())).doesNotContain("retention:");
  }

  @Test
  void onlyTheJobHasTheCredentialThatDeletes() {
    Helm helm = Helm.with(EVERYTHING);

    assertThat(secretsOf(helm.pod()))
        .containsExactlyInAnyOrder("bucket", "bucket-restorer", "api", "superuser");
    assertThat(
            secretsOf(
                helm.one("CronJob", "orders-retention").at("/spec/jobTemplate/spec/template/spec")))
        .containsExactly("bucket-retention");
  }

  @ParameterizedTest
  @ValueSource(strings = {"postgres", "pgbackup-bootstrap-postgres", "pgbackup-standby"})
  void noContainerOfTheDatabasesImageMountsAnythingOfTheBuckets(String name) {
    JsonNode server = container(Helm.with(EVERYTHING), name);

    assertThat(server.get("image").asText()).isEqualTo("registry.example/postgres:17");
    assertThat(server.get("volumeMounts").findValuesAsText("name"))
        .contains("data")
        .doesNotContain(
            "pgbackup-credentials",
            "pgbackup-bootstrap-credentials",
            "pgbackup-config",
            "pgbackup-api");
    assertThat(server.path("env").toString()).doesNotContain("bucket");
  }

  @Test
  void anEmptyVolumeIsFilledBeforeTheAgentStartsAndOnlyWhereThatIsAskedFor() {
    assertThat(containers(Helm.with().pod()).map(container -> container.get("name").asText()))
        .containsExactly("pgbackup-client", "pgbackup-agent", "postgres");

    Helm helm = Helm.with("bootstrap.cluster=orders", "bootstrap.uid=u1", "bootstrap.again=true");
    assertThat(containers(helm.pod()).map(container -> container.get("name").asText()))
        .containsExactly(
            "pgbackup-client",
            "pgbackup-bootstrap-postgres",
            "pgbackup-bootstrap",
            "pgbackup-agent",
            "postgres");
    assertThat(words(helm))
        .contains("--cluster=orders", "--uid=u1", "--latest", "--again")
        .contains("--password=postgres=/etc/pgbackup-superuser/password");
    assertThat(container(helm, "pgbackup-bootstrap").has("restartPolicy")).isFalse();
    assertThat(container(helm, "pgbackup-bootstrap").get("volumeMounts").findValuesAsText("name"))
        .contains("pgbackup-credentials");

    assertThat(
            words(Helm.with("bootstrap.prefix=spilo/orders/u/wal/15", "config.postgres.user=me")))
        .contains("--prefix=spilo/orders/u/wal/15", "--latest")
        .contains("--password=me=/etc/pgbackup-superuser/password")
        .noneMatch(word -> word.startsWith("--cluster"));
    assertThat(words(Helm.with(EVERYTHING)))
        .contains("--timestamp=2026-11-21T02:13:37Z")
        .doesNotContain("--latest");
  }

  /// It reads one cluster's archive and writes another's: each credential only its own.
  @Test
  void whatFillsTheVolumeHasBothCredentialsWhereThereAreTwo() {
    Helm two = Helm.with("bootstrap.cluster=orders", "bootstrap.existingSecret=reader");
    assertThat(words(two)).contains("--source-credentials=/etc/pgbackup-bootstrap-credentials");
    assertThat(container(two, "pgbackup-bootstrap").get("volumeMounts").findValuesAsText("name"))
        .contains("pgbackup-credentials", "pgbackup-bootstrap-credentials");
    assertThat(container(two, "pgbackup-agent").get("volumeMounts").findValuesAsText("name"))
        .doesNotContain("pgbackup-bootstrap-credentials");

    assertThat(words(Helm.with("bootstrap.cluster=orders")))
        .noneMatch(word -> word.startsWith("--source-credentials"));
  }

  /// Before what fills a volume from the bucket, so that a standby's is filled by then; and nothing
  /// of it for who has one pod.
  @Test
  void aStandbysVolumeIsFilledFromThePrimary() {
    Helm helm = Helm.with("replicas=3", "bootstrap.cluster=orders");
    JsonNode set = helm.one("StatefulSet", "orders");

    assertThat(set.at("/spec/replicas").asInt()).isEqualTo(3);
    assertThat(set.at("/metadata/annotations/pgbackup.io~1standbys").asText())
        .isEqualTo("made-from-primary");
    assertThat(containers(helm.pod()).map(container -> container.get("name").asText()))
        .containsExactly(
            "pgbackup-client",
            "pgbackup-standby",
            "pgbackup-bootstrap-postgres",
            "pgbackup-bootstrap",
            "pgbackup-agent",
            "postgres");

    Helm one = Helm.with("replicas=1");
    assertThat(one.one("StatefulSet", "orders").at("/metadata").has("annotations")).isFalse();
    assertThat(one.text()).doesNotContain("standby", "replication-password");
  }

  @Test
  void clientsReachThePrimaryAndReadersEveryPod() {
    Helm helm = Helm.with("replicas=2");
    JsonNode labels =
        helm.one("StatefulSet", "orders").at("/spec/template/metadata/labels").deepCopy();

    assertThat(
            helm.one("Service", "orders").at("/spec/selector/statefulset.kubernetes.io~1pod-name"))
        .hasToString("\"orders-0\"");
    assertThat(helm.one("Service", "orders-replicas").at("/spec/selector")).isEqualTo(labels);
    assertThat(helm.one("Service", "orders-pods").at("/spec/selector")).isEqualTo(labels);
    assertThat(
            Helm.with()
                .one("Service", "orders")
                .at("/spec/selector/statefulset.kubernetes.io~1pod-name"))
        .as("while replicas become one, the others are still there")
        .hasToString("\"orders-0\"");
    assertThat(Helm.with().ofKind("Service")).hasSize(2);
  }

  /// A restriction of who may reach the server must not cut the standbys off.
  @Test
  void thePodsReachEachOtherThroughTheirNetworkPolicy() {
    Helm helm = Helm.with(EVERYTHING);
    JsonNode pods = helm.one("StatefulSet", "orders").at("/spec/template/metadata/labels");
    JsonNode policy = helm.one("NetworkPolicy", "orders");

    assertThat(policy.at("/spec/ingress/0/from/0/podSelector/matchLabels")).isEqualTo(pods);
    assertThat(policy.at("/spec/ingress/0/from/1/podSelector/matchLabels/app").asText())
        .isEqualTo("shop");
    assertThat(policy.at("/spec/egress").findValues("podSelector"))
        .anySatisfy(peer -> assertThat(peer.get("matchLabels")).isEqualTo(pods));
  }

  @Test
  void everyPodIsWithinTheRestrictedStandard() {
    for (JsonNode pod : pods(Helm.with(EVERYTHING))) {
      assertThat(pod.at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
      assertThat(pod.at("/securityContext/seccompProfile/type").asText())
          .isEqualTo("RuntimeDefault");
      assertThat(pod.at("/automountServiceAccountToken").asBoolean(true)).isFalse();
      assertThat(containers(pod))
          .isNotEmpty()
          .allSatisfy(
              container -> {
                JsonNode security = container.get("securityContext");
                assertThat(security.get("allowPrivilegeEscalation").asBoolean()).isFalse();
                assertThat(security.get("readOnlyRootFilesystem").asBoolean()).isTrue();
                assertThat(security.at("/capabilities/drop/0").asText()).isEqualTo("ALL");
              });
    }
  }

  @Test
  void everyImageIsOfTheGlobalRegistryAndPulledWithAllSecrets() {
    for (JsonNode pod : pods(Helm.with(EVERYTHING))) {
      assertThat(pod.get("imagePullSecrets").findValuesAsText("name"))
          .containsExactly("everywhere", "here");
      assertThat(containers(pod).map(container -> container.get("image").asText()))
          .allMatch(image -> image.startsWith("registry.example/"));
    }
  }

  @Test
  void onlyTheServersPodIsFoundByItsServices() {
    Helm helm = Helm.with(EVERYTHING);
    JsonNode selector = helm.one("Service", "orders-pods").at("/spec/selector");

    assertThat(helm.one("NetworkPolicy", "orders").at("/spec/podSelector/matchLabels"))
        .isEqualTo(selector);
    assertThat(
            helm.one("CronJob", "orders-retention")
                .at("/spec/jobTemplate/spec/template/metadata/labels/app.kubernetes.io~1name"))
        .isNotEqualTo(selector.get("app.kubernetes.io/name"));
    assertThat(helm.one("Pod", "orders-test").at("/metadata/labels/app.kubernetes.io~1name"))
        .isNotEqualTo(selector.get("app.kubernetes.io/name"));
  }

  @Test
  void everyPortNamesItsProtocol() {
    for (JsonNode object : Helm.with(EVERYTHING).objects()) {
      for (JsonNode ports : object.findValues("ports")) {
        assertThat(ports).isNotEmpty().allMatch(port -> port.has("protocol"));
      }
    }
  }

  @Test
  void theDashboardIsTheOneOfTheMeters() throws IOException {
    ObjectMapper json = new ObjectMapper();
    JsonNode map = Helm.with(EVERYTHING).one("ConfigMap", "orders-pgbackup-dashboard");

    assertThat(map.at("/metadata/labels/grafana_dashboard").asText()).isEqualTo("1");
    assertThat(json.readTree(map.at("/data/pgbackup.json").asText()))
        .isEqualTo(
            json.readTree(Path.of("..", "charts", "pgbackup", "files", "dashboard.json").toFile()));
  }

  private static String configuration(Helm helm) {
    return helm.one("ConfigMap", "orders-pgbackup").at("/data/pgbackup.yaml").asText();
  }

  private static List<JsonNode> pods(Helm helm) {
    List<JsonNode> pods = new ArrayList<>(List.of(helm.pod()));
    helm.ofKind("CronJob").forEach(job -> pods.add(job.at("/spec/jobTemplate/spec/template/spec")));
    helm.ofKind("Pod").forEach(pod -> pods.add(pod.get("spec")));
    assertThat(pods).hasSizeGreaterThan(1);
    return pods;
  }

  private static Stream<JsonNode> containers(JsonNode pod) {
    return Stream.of("initContainers", "containers")
        .flatMap(list -> StreamSupport.stream(pod.path(list).spliterator(), false));
  }

  private static JsonNode container(Helm helm, String name) {
    return containers(helm.pod())
        .filter(container -> container.at("/name").asText().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static List<String> words(Helm helm) {
    return StreamSupport.stream(
            container(helm, "pgbackup-bootstrap").get("command").spliterator(), false)
        .map(JsonNode::asText)
        .toList();
  }

  private static Set<String> secretsOf(JsonNode pod) {
    Set<String> names = new TreeSet<>(pod.get("volumes").findValuesAsText("secretName"));
    pod.findValues("secretKeyRef").forEach(key -> names.add(key.get("name").asText()));
    return names;
  }
}
