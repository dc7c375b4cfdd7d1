package io.pgbackup.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// `charts/example`: a StatefulSet of somebody's own, with the agent by the chart's templates.
class ExampleChartTest {
  private static final Path SNAPSHOTS = Path.of("src", "test", "resources", "chart");

  @TempDir private static Path folder;

  /// As after `helm dependency update`.
  @BeforeAll
  static void resolveItsDependency() throws IOException {
    Helm.requireProgram();
    Helm.copy(Helm.CHARTS.resolve("example"), folder);
    Helm.copy(Helm.CHARTS.resolve("pgbackup"), folder.resolve("charts").resolve("pgbackup"));
  }

  private static Helm example(String... settings) {
    return new Helm(folder, "orders", List.of(settings));
  }

  @Test
  void itIsWellFormed() {
    assertThat(example().lint().status()).isZero();
  }

  @Test
  void aReleaseWhoseNameIsANumberHasNamesAndLabels() {
    JsonNode set = example().named("123").one("StatefulSet", "123");

    assertThat(
            List.of(
                set.at("/metadata/name"),
                set.at("/spec/serviceName"),
                set.at("/spec/selector/matchLabels/app"),
                set.at("/spec/template/metadata/labels/app")))
        .allSatisfy(name -> assertThat(name.isTextual()).isTrue());
  }

  /// Written anew with `-Dpgbackup.chart=write`, to be looked at as a diff.
  @Test
  void itRendersAsBefore() throws IOException {
    String rendered = example().text();
    Path snapshot = SNAPSHOTS.resolve("example.yaml");
    if ("write".equals(System.getProperty("pgbackup.chart"))) {
      Files.writeString(snapshot, rendered);
    }

    assertThat(rendered).isEqualTo(Files.readString(snapshot));
  }

  /// One StatefulSet, theirs; one Service, theirs; and no pod of a test that would look for ours.
  @Test
  void nothingOfTheChartsOwnServerIsThere() {
    assertThat(example().objects().stream().map(object -> object.get("kind").asText()))
        .containsExactlyInAnyOrder(
            "ServiceAccount", "ConfigMap", "Role", "RoleBinding", "Service", "StatefulSet");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "orders"})
  void everyMountHasItsVolume(String source) {
    JsonNode set =
        example(
                "pgbackup.bootstrap.cluster=" + source,
                "pgbackup.postgres.existingSecret=superuser")
            .one("StatefulSet", "orders")
            .get("spec");
    JsonNode pod = set.at("/template/spec");
    Set<String> volumes = new TreeSet<>(pod.get("volumes").findValuesAsText("name"));
    set.get("volumeClaimTemplates").forEach(c -> volumes.add(c.at("/metadata/name").asText()));

    assertThat(Stream.of("initContainers", "containers").map(pod::get))
        .flatExtracting(list -> list.findValues("volumeMounts"))
        .allSatisfy(mounts -> assertThat(volumes).containsAll(mounts.findValuesAsText("name")));
  }

  /// What `pgbackup restore --statefulset` looks for.
  @Test
  void itCanBeRestoredInPlace() {
    JsonNode set = example().one("StatefulSet", "orders").get("spec");
    JsonNode agent = last(set.at("/template/spec/initContainers"));
    JsonNode server = set.at("/template/spec/containers/0");

    assertThat(agent.get("name").asText()).isEqualTo("pgbackup-agent");
    assertThat(server.get("name").asText()).isEqualTo("postgres");
    String claim = set.at("/volumeClaimTemplates/0/metadata/name").asText();
    String path = mount(server, claim);
    assertThat(server.at("/env/0/name").asText()).isEqualTo("PGDATA");
    assertThat(server.at("/env/0/value").asText()).startsWith(path + "/");
    assertThat(mount(agent, claim)).isEqualTo(path);
  }

  @Test
  void noContainerButTheAgentMountsAnythingOfTheBuckets() {
    JsonNode server = example().one("StatefulSet", "orders").at("/spec/template/spec/containers/0");

    assertThat(server.get("volumeMounts").findValuesAsText("name"))
        .containsExactlyInAnyOrder(
            "pgdata", "postgres-socket", "pgbackup-socket", "pgbackup-client");
  }

  /// Every pod of the namespace could write what `default` may write.
  @Test
  void whatTheAgentMayTellKubernetesIsOfAServiceAccountOfItsOwn() {
    Helm helm = example();

    assertThat(helm.one("RoleBinding", "orders-agent").at("/subjects/0/name").asText())
        .isEqualTo(helm.pod().get("serviceAccountName").asText())
        .isEqualTo(helm.ofKind("ServiceAccount").getFirst().at("/metadata/name").asText())
        .isNotEqualTo("default");
    assertThat(helm.pod().get("automountServiceAccountToken").asBoolean(true)).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "replicas=2, /replicas",
    "networkPolicy.enabled=true, /networkPolicy/enabled",
    "metrics.podMonitor.enabled=true, /statefulSet/podLabels",
    "data.directory=/somewhere/else, data.directory must lie below",
    "data.directory=/var/lib/postgresql/data, data.directory must lie below",
    "bootstrap.cluster=orders, bootstrap needs postgres.existingSecret",
  })
  void whatCannotWorkIsRefused(String wrong, String named) {
    Helm.Answer answer = example("pgbackup." + wrong).render();

    assertThat(answer.status()).isNotZero();
    assertThat(answer.errors()).contains(named);
  }

  @Test
  void theirPodsAreTheOnesThatAreScraped() {
    JsonNode monitor =
        example(
                "pgbackup.metrics.podMonitor.enabled=true",
                "pgbackup.statefulSet.podLabels.app=orders")
            .one("PodMonitor", "orders");

    assertThat(monitor.at("/spec/selector/matchLabels")).hasToString("{\"app\":\"orders\"}");
  }

  private static String mount(JsonNode container, String volume) {
    return StreamSupport.stream(container.get("volumeMounts").spliterator(), false)
        .filter(mount -> mount.get("name").asText().equals(volume))
        .map(mount -> mount.get("mountPath").asText())
        .findFirst()
        .orElseThrow();
  }

  private static JsonNode last(JsonNode list) {
    return list.get(list.size() - 1);
  }
}
