package io.pgbackup.kubernetes.restore;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.KeyToPath;
import io.fabric8.kubernetes.api.model.SecretVolumeSource;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The configuration file of a StatefulSet's agent, which lies in a ConfigMap, as far as its clone
/// needs another one.
///
/// @param volume of the template, that holds it
/// @param map it as it is
/// @param key of the file in it
/// @param file what the file says
record AgentConfig(String volume, ConfigMap map, String key, Map<String, Object> file) {
  private static final String CLUSTER = "cluster";
  private static final String NAME = "name";
  private static final String NAMESPACE = "namespace";
  private static final String STORAGE = "storage";
  private static final String KUBERNETES = "kubernetes";
  private static final String PREFIX = "prefix";

  /// Which volume a configuration lies in.
  record Place(String volume, String map, String key) {
    /// @throws PgBackupException `Refused` if it lies in no ConfigMap
    static Place of(DatabasePod database) {
      Path path = Path.of(database.config());
      for (VolumeMount mount : database.agent().getVolumeMounts()) {
        Optional<Volume> volume =
            database.volume(mount.getName()).filter(each -> each.getConfigMap() != null);
        Optional<String> inside = inside(mount, path);
        if (volume.isPresent() && inside.isPresent()) {
          return new Place(
              mount.getName(),
              volume.get().getConfigMap().getName(),
              key(volume.get().getConfigMap().getItems(), inside.get()));
        }
      }
      throw refused(database, "has the agent's configuration %s in no ConfigMap".formatted(path));
    }

    private static Optional<String> inside(VolumeMount mount, Path path) {
      Path where = Path.of(mount.getMountPath());
      if (mount.getSubPath() != null) {
        return Optional.of(mount.getSubPath()).filter(_ -> where.equals(path));
      }
      return Optional.of(path)
          .filter(it -> it.startsWith(where) && !it.equals(where))
          .map(it -> where.relativize(it).toString());
    }

    private static String key(List<KeyToPath> items, String path) {
      return items.stream()
          .filter(item -> item.getPath().equals(path))
          .map(KeyToPath::getKey)
          .findFirst()
          .orElse(path);
    }
  }

  /// @throws PgBackupException `Refused` if it cannot be made another cluster's
  static AgentConfig of(DatabasePod database, Place place, ConfigMap map) {
    Container agent = database.agent();
    List<String> overrides =
        agent.getEnv().stream()
            .map(EnvVar::getName)
            .filter(name -> name.matches("PGBACKUP_(CLUSTER|STORAGE)_.*"))
            .toList();
    if (!overrides.isEmpty() || !agent.getEnvFrom().isEmpty()) {
      throw refused(
          database,
          "says in the agent's environment whose backups are made, where a clone would say the"
              + " same: "
              + (overrides.isEmpty() ? "envFrom" : String.join(", ", overrides)));
    }
    String text = Optional.ofNullable(map.getData()).map(data -> data.get(place.key())).orElse("");
    AgentConfig config = new AgentConfig(place.volume(), map, place.key(), parsed(database, text));
    if (config.section(CLUSTER).get(NAME) == null) {
      throw refused(
          database, "has an agent whose configuration names no cluster in its file " + place.key());
    }
    return config;
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> parsed(DatabasePod database, String text) {
    try {
      Map<String, Object> parsed = Serialization.unmarshal(text, Map.class);
      return parsed == null ? Map.of() : parsed;
    } catch (RuntimeException e) {
      throw refused(database, "has a configuration that is no YAML");
    }
  }

  private static PgBackupException refused(DatabasePod database, String what) {
    return Problem.refused(
            "the StatefulSet %s/%s %s"
                .formatted(
                    database.set().getMetadata().getNamespace(),
                    database.set().getMetadata().getName(),
                    what),
            "Install the clone by the chart, with 'bootstrap' in its values.")
        .asException();
  }

  @SuppressWarnings("unchecked")
  private Map<String, Object> section(String name) {
    return file.get(name) instanceof Map<?, ?> section ? (Map<String, Object>) section : Map.of();
  }

  /// Whose backups the agent makes.
  ClusterId cluster() {
    Map<String, Object> cluster = section(CLUSTER);
    return new ClusterId(
        String.valueOf(cluster.getOrDefault(NAMESPACE, ClusterId.DEFAULT_NAMESPACE)),
        String.valueOf(cluster.get(NAME)));
  }

  /// The volume with the bucket's credential.
  ///
  /// @throws PgBackupException `Refused` if it does not come from a Secret's files
  Volume credentials(DatabasePod database) {
    List<String> folders =
        section(STORAGE).get("credentials") instanceof Map<?, ?> files
            ? files.values().stream().map(AgentConfig::parent).distinct().toList()
            : List.of();
    Optional<String> folder = folders.stream().findFirst().filter(_ -> folders.size() == 1);
    return folder
        .flatMap(
            path ->
                database.agent().getVolumeMounts().stream()
                    .filter(mount -> mount.getMountPath().equals(path))
                    .findFirst())
        .flatMap(mount -> database.volume(mount.getName()))
        .filter(volume -> volume.getSecret() != null)
        .orElseThrow(
            () ->
                refused(
                    database,
                    "has an agent whose credential of the bucket does not come from the files of one"
                        + " Secret"));
  }

  private static String parent(Object file) {
    return String.valueOf(Path.of(String.valueOf(file)).getParent());
  }

  /// Where it is mounted in the agent.
  static String folder(DatabasePod database, Volume credentials) {
    return database.agent().getVolumeMounts().stream()
        .filter(mount -> mount.getName().equals(credentials.getName()))
        .map(VolumeMount::getMountPath)
        .findFirst()
        .orElseThrow();
  }

  /// The keys that a Secret of such a credential needs, for a person.
  static String keys(SecretVolumeSource secret) {
    return secret.getItems().isEmpty()
        ? "the same keys"
        : "the keys "
            + String.join(", ", secret.getItems().stream().map(KeyToPath::getKey).toList());
  }

  /// The same file for another cluster, with a folder of its own in the bucket and a record of its
  /// own.
  String fileOf(String clone) {
    Map<String, Object> ours = new LinkedHashMap<>(file);
    ours.put(CLUSTER, Map.of(NAME, clone, NAMESPACE, cluster().namespace()));
    Map<String, Object> storage = new LinkedHashMap<>(section(STORAGE));
    if (storage.get(PREFIX) instanceof String prefix && new PrefixTemplate(prefix).isLiteral()) {
      // the folder of one archive, which is the source's
      storage.remove(PREFIX);
    }
    ours.put(STORAGE, storage);
    Map<String, Object> kubernetes = new LinkedHashMap<>(section(KUBERNETES));
    if (kubernetes.remove("configMap") != null) {
      // the source's record
      ours.put(KUBERNETES, kubernetes);
    }
    return Serialization.asYaml(ours);
  }

  ConfigMap of(CloneNames names) {
    return new ConfigMapBuilder()
        .withNewMetadata()
        .withNamespace(names.source().getMetadata().getNamespace())
        .withName(names.of(map.getMetadata().getName()))
        .withLabels(names.labels())
        .withAnnotations(names.annotations())
        .endMetadata()
        .withData(map.getData())
        .addToData(key, fileOf(names.copy()))
        .withBinaryData(map.getBinaryData())
        .build();
  }
}
