package io.pgbackup.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.pgbackup.config.ConfigLoader;
import io.pgbackup.config.PgBackupConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// `docs/zalando/orders.yaml`, which people copy.
class ZalandoManifestTest {
  private JsonNode map;
  private JsonNode cluster;

  @BeforeEach
  void read() throws IOException {
    YAMLMapper yaml = new YAMLMapper();
    List<JsonNode> objects =
        yaml.readerFor(JsonNode.class)
            .<JsonNode>readValues(Path.of("..", "docs", "zalando", "orders.yaml").toFile())
            .readAll();
    assertThat(objects).hasSize(2);
    map = objects.getFirst();
    cluster = objects.getLast();
  }

  private PgBackupConfig config() {
    return new ConfigLoader(Map.of())
        .parse("docs/zalando/orders.yaml", map.at("/data/pgbackup.yaml").asText());
  }

  @Test
  void theAgentTakesItsConfiguration() {
    assertThat(config().cluster().name()).isEqualTo(cluster.at("/metadata/name").asText());
    assertThat(config().storage().credentials()).isPresent();
  }

  @Test
  void theConfigurationAndTheCredentialAreWhereTheAgentLooks() {
    JsonNode agent = named("initContainers", "pgbackup-agent");

    assertThat(volume("pgbackup-config").at("/volumeSource/configMap/name"))
        .isEqualTo(map.at("/metadata/name"));
    assertThat(agent.get("volumeMounts").findValuesAsText("mountPath"))
        .contains("/etc/pgbackup", "/etc/pgbackup-credentials");
    assertThat(cluster.at("/spec/postgresql/parameters/archive_command").asText())
        .startsWith(volume("pgbackup-client").get("mountPath").asText() + "/");
    assertThat(config().wal().socket().toString())
        .startsWith(volume("pgbackup-socket").get("mountPath").asText() + "/");
  }

  /// The database's container mounts what names it as a target, and nothing of the bucket's.
  @Test
  void spiloHasNoCredential() {
    Set<String> ofSpilo = new TreeSet<>();
    for (JsonNode volume : cluster.at("/spec/additionalVolumes")) {
      assertThat(volume.get("targetContainers")).isNotEmpty();
      for (JsonNode target : volume.get("targetContainers")) {
        if (Set.of("postgres", "all").contains(target.asText())) {
          ofSpilo.add(volume.get("name").asText());
        }
      }
    }

    assertThat(ofSpilo).containsExactly("pgbackup-client", "pgbackup-socket", "postgresql-run");
  }

  @Test
  void everyMountHasItsVolume() {
    Set<String> volumes =
        new TreeSet<>(cluster.at("/spec/additionalVolumes").findValuesAsText("name"));
    volumes.add("pgdata");

    assertThat(
            cluster.at("/spec/initContainers").findValues("volumeMounts").stream()
                .flatMap(mounts -> mounts.findValuesAsText("name").stream()))
        .isNotEmpty()
        .isSubsetOf(volumes);
  }

  private JsonNode volume(String name) {
    return named("additionalVolumes", name);
  }

  private JsonNode named(String list, String name) {
    return StreamSupport.stream(cluster.at("/spec/" + list).spliterator(), false)
        .filter(each -> each.get("name").asText().equals(name))
        .findFirst()
        .orElseThrow();
  }
}
