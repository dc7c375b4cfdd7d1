package io.pgbackup.kubernetes.restore;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarSource;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import io.fabric8.kubernetes.api.model.SecretKeySelector;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What the template of a StatefulSet says about its database, and the pods of a restore that are
/// made of it: the same images, users, volumes and places, with other commands.
///
/// @param database the container of PostgreSQL
/// @param agent the one that has the bucket's credential, a native sidecar or not
/// @param dataVolume the volume of the template of claims in which the data directory lies
/// @param dataDirectory PGDATA
record DatabasePod(
    StatefulSet set, Container database, Container agent, String dataVolume, String dataDirectory) {
  static final String AGENT = "pgbackup-agent";
  static final String RESTORE_OF = "pgbackup.io/restore-of";

  private static final String DATABASE = "postgres";

  /// The chart's, which gives the role of the standbys its password.
  private static final String STANDBY = "pgbackup-standby";

  static final String RUNNER = "pgbackup-run";
  static final String RUN_FOLDER = "/run/pgbackup-restore";
  static final String RUN_SOCKET = RUN_FOLDER + "/programs.sock";
  private static final String CLIENT = "pgbackup-restore-client";
  private static final String CLIENT_FOLDER = "/opt/pgbackup-restore";
  static final String CONFIG_OPTION = "--config";
  private static final String DEFAULT_CONFIG = "/etc/pgbackup/pgbackup.yaml";

  /// @throws PgBackupException `Refused` if the template holds no database that we know how to
  ///   restore
  static DatabasePod of(StatefulSet set) {
    PodSpec spec = set.getSpec().getTemplate().getSpec();
    Container agent =
        Stream.concat(spec.getInitContainers().stream(), spec.getContainers().stream())
            .filter(container -> container.getName().equals(AGENT))
            .findFirst()
            .orElseThrow(() -> unknown(set, "has no container " + AGENT));
    Container database =
        spec.getContainers().stream()
            .filter(container -> container.getName().equals(DATABASE))
            .findFirst()
            .orElseThrow(() -> unknown(set, "has no container " + DATABASE));
    String dataDirectory =
        env(database, "PGDATA")
            .map(EnvVar::getValue)
            .orElseThrow(
                () -> unknown(set, "does not say in PGDATA where the data directory lies"));
    VolumeMount mount =
        database.getVolumeMounts().stream()
            .filter(each -> dataDirectory.startsWith(each.getMountPath() + "/"))
            .filter(each -> each.getSubPath() == null && each.getSubPathExpr() == null)
            .filter(each -> isClaim(set, each.getName()))
            .findFirst()
            .orElseThrow(
                () ->
                    unknown(
                        set, "has no volume claim mounted above the directory " + dataDirectory));
    return new DatabasePod(set, database, agent, mount.getName(), dataDirectory);
  }

  private static boolean isClaim(StatefulSet set, String volume) {
    return set.getSpec().getVolumeClaimTemplates().stream()
        .anyMatch(claim -> claim.getMetadata().getName().equals(volume));
  }

  private static PgBackupException unknown(StatefulSet set, String what) {
    return Problem.refused(
            "the StatefulSet %s/%s %s"
                .formatted(set.getMetadata().getNamespace(), set.getMetadata().getName(), what),
            "Restores in place and clones are for StatefulSets as the chart makes them; otherwise use"
                + " --target-dir.")
        .asException();
  }

  /// The claim of ordinal 0.
  String claim() {
    return claim(0);
  }

  String claim(int ordinal) {
    return "%s-%s-%d".formatted(dataVolume, set.getMetadata().getName(), ordinal);
  }

  /// How many a StatefulSet is to have; Kubernetes' own value where it does not say so.
  static int replicas(StatefulSet set) {
    return Optional.ofNullable(set.getSpec().getReplicas()).orElse(1);
  }

  /// The superuser, as the official image knows it.
  private String superuser() {
    return env(database, "POSTGRES_USER").map(EnvVar::getValue).orElse("postgres");
  }

  private Optional<SecretKeySelector> password() {
    return env(database, "POSTGRES_PASSWORD")
        .map(EnvVar::getValueFrom)
        .map(EnvVarSource::getSecretKeyRef);
  }

  /// Where the superuser's password comes from, if it comes from a Secret.
  Optional<SuperuserSecret> superuserSecret() {
    return password()
        .map(
            ref ->
                new SuperuserSecret(
                    new StatefulSetName(
                        set.getMetadata().getNamespace(), set.getMetadata().getName()),
                    ref.getName(),
                    ref.getKey(),
                    standbyKeys(ref)));
  }

  private List<String> standbyKeys(SecretKeySelector superuser) {
    return set.getSpec().getTemplate().getSpec().getInitContainers().stream()
        .filter(container -> container.getName().equals(STANDBY))
        .flatMap(container -> container.getEnv().stream())
        .map(EnvVar::getValueFrom)
        .flatMap(from -> Optional.ofNullable(from).map(EnvVarSource::getSecretKeyRef).stream())
        .filter(ref -> ref.getName().equals(superuser.getName()))
        .map(SecretKeySelector::getKey)
        .filter(key -> !key.equals(superuser.getKey()))
        .distinct()
        .toList();
  }

  private static Optional<EnvVar> env(Container container, String name) {
    return container.getEnv().stream().filter(each -> each.getName().equals(name)).findFirst();
  }

  /// What its pods know of the passwords that roles are to have: the superuser's, and those of
  /// others.
  PasswordSecrets passwords(List<RoleSecret> ofRoles) {
    return new PasswordSecrets(
        set.getMetadata().getNamespace(), superuser(), superuserSecret(), ofRoles);
  }

  /// The words of the step that does everything beside the running server.
  static List<String> fetch(List<String> target, PasswordSecrets passwords) {
    List<String> words = new ArrayList<>(List.of("in-pod", "fetch"));
    words.addAll(target);
    words.addAll(passwords.words());
    return words;
  }

  /// A volume of the template.
  Optional<Volume> volume(String name) {
    return set.getSpec().getTemplate().getSpec().getVolumes().stream()
        .filter(volume -> volume.getName().equals(name))
        .findFirst();
  }

  /// A pod of a restore.
  ///
  /// @param words what `pgbackup` is to do in it
  /// @param passwords that these words name
  /// @param node where the volume is in use, if it is
  Pod pod(String name, List<String> words, PasswordSecrets passwords, Optional<String> node) {
    return new PodBuilder()
        .withNewMetadata()
        .withNamespace(set.getMetadata().getNamespace())
        .withName(name)
        .withLabels(
            Map.of(
                "app.kubernetes.io/name",
                "pgbackup-restore",
                "app.kubernetes.io/managed-by",
                "pgbackup"))
        .withAnnotations(Map.of(RESTORE_OF, set.getMetadata().getName()))
        .endMetadata()
        .withSpec(spec(words, passwords, node))
        .build();
  }

  private PodSpec spec(List<String> words, PasswordSecrets passwords, Optional<String> node) {
    PodSpecBuilder spec =
        new PodSpecBuilder(set.getSpec().getTemplate().getSpec())
            .withRestartPolicy("Never")
            .withAutomountServiceAccountToken(false)
            .withShareProcessNamespace(true)
            .withTerminationGracePeriodSeconds(60L)
            .withAffinity(null)
            .withTopologySpreadConstraints()
            .withReadinessGates()
            .withInitContainers(installer(), runner())
            .withContainers(worker(words, passwords));
    List<Volume> ours = volumes(passwords);
    Set<String> names = ours.stream().map(Volume::getName).collect(Collectors.toSet());
    // a clone's template has those that its own volume was filled with
    spec.removeMatchingFromVolumes(volume -> names.contains(volume.getName()));
    spec.addAllToVolumes(ours);
    node.ifPresent(
        name ->
            spec.editOrNewAffinity()
                .editOrNewNodeAffinity()
                .withNewRequiredDuringSchedulingIgnoredDuringExecution()
                .addNewNodeSelectorTerm()
                .addNewMatchField()
                .withKey("metadata.name")
                .withOperator("In")
                .withValues(name)
                .endMatchField()
                .endNodeSelectorTerm()
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endNodeAffinity()
                .endAffinity());
    return spec.build();
  }

  private List<Volume> volumes(PasswordSecrets passwords) {
    List<Volume> volumes = new ArrayList<>(toolVolumes(passwords));
    volumes.add(
        new VolumeBuilder()
            .withName(dataVolume)
            .withNewPersistentVolumeClaim()
            .withClaimName(claim())
            .endPersistentVolumeClaim()
            .build());
    return volumes;
  }

  /// What [#installer], [#runner] and [#worker] need beside the template's own.
  static List<Volume> toolVolumes(PasswordSecrets passwords) {
    List<Volume> volumes = new ArrayList<>();
    for (String name : List.of(RUNNER, CLIENT)) {
      volumes.add(new VolumeBuilder().withName(name).withNewEmptyDir().endEmptyDir().build());
    }
    volumes.addAll(passwords.volumes());
    return volumes;
  }

  /// Brings the client into the database's container.
  Container installer() {
    return new ContainerBuilder()
        .withName("pgbackup-restore-install")
        .withImage(agent.getImage())
        .withImagePullPolicy(agent.getImagePullPolicy())
        .withCommand("/opt/pgbackup/bin/pgbackup-client", "install", CLIENT_FOLDER)
        .withSecurityContext(agent.getSecurityContext())
        .withResources(agent.getResources())
        .withVolumeMounts(mount(CLIENT, CLIENT_FOLDER, false))
        .build();
  }

  /// The database's image, where the client starts PostgreSQL when it is asked to.
  Container runner() {
    return new ContainerBuilder()
        .withName(DATABASE)
        .withImage(database.getImage())
        .withImagePullPolicy(database.getImagePullPolicy())
        .withRestartPolicy("Always")
        .withCommand(CLIENT_FOLDER + "/pgbackup-client", "--socket", RUN_SOCKET, "run")
        .withEnv(database.getEnv().stream().filter(each -> each.getValueFrom() == null).toList())
        .withSecurityContext(database.getSecurityContext())
        .withResources(database.getResources())
        .withVolumeMounts(mountsOfTheirOwn(database))
        .addToVolumeMounts(mount(RUNNER, RUN_FOLDER, false), mount(CLIENT, CLIENT_FOLDER, true))
        .build();
  }

  /// The agent's image, where `pgbackup` works with the agent's configuration and credential.
  private Container worker(List<String> words, PasswordSecrets passwords) {
    List<String> all = new ArrayList<>(words);
    all.addAll(List.of("--data-dir", dataDirectory, "--programs", RUN_SOCKET));
    return workerOf(all, passwords);
  }

  /// The same, with nothing but these words behind the configuration's name.
  Container workerOf(List<String> words, PasswordSecrets passwords) {
    ContainerBuilder worker =
        new ContainerBuilder(looker(words, passwords))
            .addToVolumeMounts(mount(RUNNER, RUN_FOLDER, false));
    if (agent.getVolumeMounts().stream().noneMatch(each -> each.getName().equals(dataVolume))) {
      database.getVolumeMounts().stream()
          .filter(each -> each.getName().equals(dataVolume))
          .forEach(worker::addToVolumeMounts);
    }
    return worker.build();
  }

  /// The agent's image with what the agent has, and the passwords.
  Container looker(List<String> words, PasswordSecrets passwords) {
    List<String> command =
        new ArrayList<>(List.of("/opt/pgbackup/bin/pgbackup", CONFIG_OPTION, config()));
    command.addAll(words);
    return new ContainerBuilder()
        .withName(AGENT)
        .withImage(agent.getImage())
        .withImagePullPolicy(agent.getImagePullPolicy())
        .withCommand(command)
        .withEnv(agent.getEnv())
        .withEnvFrom(agent.getEnvFrom())
        .withSecurityContext(agent.getSecurityContext())
        .withResources(agent.getResources())
        .withVolumeMounts(
            Stream.concat(mountsOfTheirOwn(agent).stream(), passwords.mounts().stream()).toList())
        .build();
  }

  /// Those of the template; a read-only one of the data is not enough.
  private List<VolumeMount> mountsOfTheirOwn(Container container) {
    return container.getVolumeMounts().stream()
        .map(
            each ->
                each.getName().equals(dataVolume)
                    ? new VolumeMountBuilder(each).withReadOnly(false).build()
                    : each)
        .toList();
  }

  static VolumeMount mount(String name, String path, boolean readOnly) {
    return new VolumeMountBuilder()
        .withName(name)
        .withMountPath(path)
        .withReadOnly(readOnly)
        .build();
  }

  /// The agent's configuration file.
  String config() {
    List<String> words =
        Stream.concat(agent.getCommand().stream(), agent.getArgs().stream()).toList();
    int at = words.indexOf(CONFIG_OPTION);
    return at >= 0 && at + 1 < words.size() ? words.get(at + 1) : DEFAULT_CONFIG;
  }

  /// Whether a pod that is not over yet uses the claim.
  static boolean uses(Pod pod, String claim) {
    return !isOver(pod)
        && pod.getSpec().getVolumes().stream()
            .anyMatch(
                volume ->
                    volume.getPersistentVolumeClaim() != null
                        && claim.equals(volume.getPersistentVolumeClaim().getClaimName()));
  }

  /// The status of a container of a pod that has ended as a whole.
  static Optional<Integer> ended(Pod pod, String container) {
    if (!isOver(pod)) {
      return Optional.empty();
    }
    if (pod.getStatus().getPhase().equals("Succeeded")) {
      return Optional.of(0);
    }
    return PodFollower.status(pod, container)
        .map(ContainerStatus::getState)
        .filter(state -> state.getTerminated() != null)
        .map(state -> state.getTerminated().getExitCode())
        .filter(code -> code != 0)
        .or(() -> Optional.of(1));
  }

  static boolean isOver(Pod pod) {
    return pod.getStatus() != null
        && List.of("Succeeded", "Failed").contains(String.valueOf(pod.getStatus().getPhase()));
  }
}
