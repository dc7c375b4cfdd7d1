package io.pgbackup.kubernetes.restore;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.KeyToPathBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import io.fabric8.kubernetes.api.model.SecretVolumeSourceBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeProjection;
import io.fabric8.kubernetes.api.model.VolumeProjectionBuilder;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetBuilder;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The StatefulSet of a clone: the source's, with other names, another credential, and what fills
/// its empty volume as the chart's `bootstrap` does.
///
/// @param database of the source
/// @param credentials the volume of the source's template with the bucket's credential
/// @param account of the clone's pods
record CloneSet(
    DatabasePod database,
    AgentConfig config,
    Volume credentials,
    CloneNames names,
    CloneOrder order,
    String account) {
  static final String BOOTSTRAP = "pgbackup-bootstrap";
  private static final String SOURCE_CREDENTIALS = "pgbackup-bootstrap-credentials";
  private static final String SOURCE_FOLDER = "/etc/pgbackup-bootstrap-credentials";
  private static final String CONFIG_ANNOTATION = "pgbackup.io/config";

  /// Of a server that replays WAL, as in the chart.
  private static final Map<String, Quantity> REPLAY =
      Map.of("cpu", new Quantity("100m"), "memory", new Quantity("256Mi"));

  StatefulSet set() {
    StatefulSet source = database.set();
    return new StatefulSetBuilder()
        .withNewMetadata()
        .withNamespace(source.getMetadata().getNamespace())
        .withName(names.copy())
        .withLabels(names.labels())
        .withAnnotations(names.annotations())
        .addToAnnotations(CloneNames.CLONE_WORDS, order.words())
        .addToAnnotations(
            Refusals.makesStandbys(source)
                ? Map.of(Refusals.STANDBYS, Refusals.MADE_FROM_PRIMARY)
                : Map.of())
        .endMetadata()
        .withNewSpec()
        .withReplicas(order.replicas())
        .withServiceName(
            Optional.ofNullable(source.getSpec().getServiceName())
                .filter(service -> !service.isEmpty())
                .map(names::of)
                .orElse(null))
        .withNewSelector()
        .withMatchLabels(names.selector())
        .endSelector()
        .withTemplate(template())
        .withVolumeClaimTemplates(
            source.getSpec().getVolumeClaimTemplates().stream().map(CloneSet::claim).toList())
        .withPodManagementPolicy(source.getSpec().getPodManagementPolicy())
        .withUpdateStrategy(source.getSpec().getUpdateStrategy())
        .withPersistentVolumeClaimRetentionPolicy(
            source.getSpec().getPersistentVolumeClaimRetentionPolicy())
        .withMinReadySeconds(source.getSpec().getMinReadySeconds())
        .endSpec()
        .build();
  }

  int replicasOfSource() {
    return DatabasePod.replicas(database.set());
  }

  private static PersistentVolumeClaim claim(PersistentVolumeClaim template) {
    return new PersistentVolumeClaimBuilder(template)
        .withNewMetadata()
        .withName(template.getMetadata().getName())
        .endMetadata()
        .editSpec()
        .withVolumeName(null)
        .withDataSource(null)
        .withDataSourceRef(null)
        .endSpec()
        .withStatus(null)
        .build();
  }

  private PodTemplateSpec template() {
    PodTemplateSpec source = database.set().getSpec().getTemplate();
    return new PodTemplateSpecBuilder()
        .withNewMetadata()
        .withLabels(names.podLabels())
        .withAnnotations(CloneNames.withoutKeepers(source.getMetadata().getAnnotations()))
        .endMetadata()
        .withSpec(
            new PodSpecBuilder(source.getSpec())
                .withServiceAccount(null)
                .withServiceAccountName(account)
                .withNodeName(null)
                .withInitContainers(initContainers())
                .withVolumes(volumes())
                .build())
        .build();
  }

  private List<Container> initContainers() {
    List<Container> containers = new ArrayList<>(ownInitContainers().toList());
    int agent = containers.stream().map(Container::getName).toList().indexOf(DatabasePod.AGENT);
    containers.addAll(agent < 0 ? containers.size() : agent, bootstrap());
    return containers;
  }

  /// Without those that filled the source's volume, should it have been filled so.
  private Stream<Container> ownInitContainers() {
    return database.set().getSpec().getTemplate().getSpec().getInitContainers().stream()
        .filter(container -> !container.getName().startsWith(BOOTSTRAP));
  }

  private List<Container> bootstrap() {
    List<String> words = new ArrayList<>(words());
    words.addAll(List.of("--programs", DatabasePod.RUN_SOCKET));
    return List.of(
        new ContainerBuilder(database.installer()).withName(BOOTSTRAP + "-client").build(),
        new ContainerBuilder(database.runner())
            .withName(BOOTSTRAP + "-postgres")
            .withResources(new ResourceRequirementsBuilder().withRequests(REPLAY).build())
            .build(),
        withSourceCredentials(
            new ContainerBuilder(database.workerOf(words, passwords())).withName(BOOTSTRAP)));
  }

  private Container withSourceCredentials(ContainerBuilder container) {
    order
        .sourceSecret()
        .ifPresent(
            _ ->
                container.addToVolumeMounts(
                    DatabasePod.mount(SOURCE_CREDENTIALS, SOURCE_FOLDER, true)));
    return container.build();
  }

  private PasswordSecrets passwords() {
    return database.passwords(order.roles());
  }

  private List<String> words() {
    ClusterId cluster = config.cluster();
    List<String> words = new ArrayList<>(List.of("bootstrap"));
    words.addAll(List.of("--cluster", cluster.name(), "--namespace", cluster.namespace()));
    words.addAll(order.target());
    words.add("--source-read-only");
    order
        .sourceSecret()
        .ifPresent(_ -> words.addAll(List.of("--source-credentials", SOURCE_FOLDER)));
    words.addAll(passwords().words());
    return words;
  }

  private List<Volume> volumes() {
    List<Volume> volumes = new ArrayList<>(ownVolumes(false));
    volumes.addAll(DatabasePod.toolVolumes(passwords()));
    return volumes;
  }

  /// Those of the source that something still mounts, with the clone's configuration and
  /// credentials.
  ///
  /// @param lenient whether a Secret may be missing, so that who looks for it can say so
  private List<Volume> ownVolumes(boolean lenient) {
    Set<String> mounted =
        Stream.concat(
                ownInitContainers(),
                database.set().getSpec().getTemplate().getSpec().getContainers().stream())
            .flatMap(container -> container.getVolumeMounts().stream())
            .map(mount -> mount.getName())
            .collect(Collectors.toSet());
    List<Volume> volumes =
        new ArrayList<>(
            database.set().getSpec().getTemplate().getSpec().getVolumes().stream()
                .filter(volume -> mounted.contains(volume.getName()))
                .map(volume -> ofClone(volume, lenient))
                .toList());
    order
        .sourceSecret()
        .ifPresent(
            secret ->
                volumes.add(
                    new VolumeBuilder(credentials(secret, lenient))
                        .withName(SOURCE_CREDENTIALS)
                        .build()));
    return volumes;
  }

  private Volume ofClone(Volume volume, boolean lenient) {
    if (volume.getName().equals(config.volume())) {
      return new VolumeBuilder(volume)
          .editConfigMap()
          .withName(names.of(config.map().getMetadata().getName()))
          .endConfigMap()
          .build();
    }
    return volume.getName().equals(credentials.getName())
        ? credentials(order.secret(), lenient)
        : volume;
  }

  private Volume credentials(String secret, boolean lenient) {
    return new VolumeBuilder(credentials)
        .withSecret(
            new SecretVolumeSourceBuilder(credentials.getSecret())
                .withSecretName(secret)
                .withOptional(lenient ? Boolean.TRUE : credentials.getSecret().getOptional())
                .build())
        .build();
  }

  /// A pod that looks into the archive with the clone's credentials, before anything else is made:
  /// it has the clone's configuration from an annotation, and no volume.
  Pod look(String name) {
    List<String> words = new ArrayList<>(words());
    words.addAll(List.of("--plan", "--elsewhere"));
    Container looker = database.looker(words, passwords());
    PodSpec spec =
        new PodSpecBuilder(database.set().getSpec().getTemplate().getSpec())
            .withRestartPolicy("Never")
            .withAutomountServiceAccountToken(false)
            .withTerminationGracePeriodSeconds(10L)
            .withNodeName(null)
            .withAffinity(null)
            .withTopologySpreadConstraints()
            .withReadinessGates()
            .withInitContainers()
            .withContainers(
                withSourceCredentials(
                    new ContainerBuilder(looker)
                        .withVolumeMounts(
                            looker.getVolumeMounts().stream()
                                .filter(mount -> !isClaim(mount.getName()))
                                .toList())))
            .withVolumes(ownVolumes(true).stream().map(this::fromAnnotation).toList())
            .addAllToVolumes(passwords().volumes())
            .build();
    return new PodBuilder()
        .withNewMetadata()
        .withNamespace(database.set().getMetadata().getNamespace())
        .withName(name)
        .withLabels(
            Map.of("app.kubernetes.io/name", "pgbackup-clone", CloneNames.MANAGED_BY, "pgbackup"))
        .withAnnotations(names.annotations())
        .addToAnnotations(CONFIG_ANNOTATION, config.fileOf(names.copy()))
        .endMetadata()
        .withSpec(spec)
        .build();
  }

  /// That a Secret is missing or lacks a key, where the pod that looked says so of a file.
  Optional<Problem> missingSecret(PgBackupException failure) {
    String message = String.valueOf(failure.getMessage());
    Optional<String> secret =
        message.contains(SOURCE_FOLDER + "/")
            ? order.sourceSecret()
            : Optional.of(order.secret())
                .filter(_ -> message.contains(AgentConfig.folder(database, credentials) + "/"));
    return secret.map(
        name ->
            Problem.misconfigured(
                "the Secret %s/%s is missing or not complete: %s"
                    .formatted(database.set().getMetadata().getNamespace(), name, message),
                "Make it with %s, like the Secret %s."
                    .formatted(
                        AgentConfig.keys(credentials.getSecret()),
                        credentials.getSecret().getSecretName())));
  }

  private boolean isClaim(String volume) {
    return database.set().getSpec().getVolumeClaimTemplates().stream()
        .anyMatch(claim -> claim.getMetadata().getName().equals(volume));
  }

  private Volume fromAnnotation(Volume volume) {
    if (!volume.getName().equals(config.volume())) {
      return volume;
    }
    List<VolumeProjection> sources = new ArrayList<>();
    sources.add(
        new VolumeProjectionBuilder()
            .withNewDownwardAPI()
            .addNewItem()
            .withPath(path(volume, config.key()))
            .withNewFieldRef()
            .withFieldPath("metadata.annotations['%s']".formatted(CONFIG_ANNOTATION))
            .endFieldRef()
            .endItem()
            .endDownwardAPI()
            .build());
    List<String> others =
        new TreeMap<>(config.map().getData())
            .keySet().stream().filter(key -> !key.equals(config.key())).toList();
    if (!others.isEmpty()) {
      sources.add(
          new VolumeProjectionBuilder()
              .withNewConfigMap()
              .withName(config.map().getMetadata().getName())
              .withItems(
                  others.stream()
                      .map(
                          key ->
                              new KeyToPathBuilder()
                                  .withKey(key)
                                  .withPath(path(volume, key))
                                  .build())
                      .toList())
              .endConfigMap()
              .build());
    }
    return new VolumeBuilder()
        .withName(volume.getName())
        .withNewProjected()
        .withSources(sources)
        .endProjected()
        .build();
  }

  private static String path(Volume volume, String key) {
    return volume.getConfigMap().getItems().stream()
        .filter(item -> item.getKey().equals(key))
        .map(item -> item.getPath())
        .findFirst()
        .orElse(key);
  }
}
