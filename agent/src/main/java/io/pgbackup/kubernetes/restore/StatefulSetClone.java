package io.pgbackup.kubernetes.restore;

import static java.util.stream.Collectors.joining;

import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/// A new StatefulSet beside a standing one, from the latter's template and its archive. Nothing of
/// the source is changed: its objects are read, its archive too, and the clone has a credential
/// that cannot write there, which is tried before anything is made.
///
/// The objects themselves say how far it has come: the StatefulSet is made last, and a pod's init
/// container fills its volume as the chart's `bootstrap` does. So a command that was cut off goes
/// on when it is given again.
///
/// Not thread-safe.
public final class StatefulSetClone {
  private static final Duration START_PATIENCE = Duration.ofMinutes(30);

  /// Each standby copies the whole database; the primary serves meanwhile.
  private static final Duration COPY_PATIENCE = Duration.ofHours(24);

  private static final String DEFAULT_ACCOUNT = "default";

  private final CloneApi api;
  private final StatefulSetName source;
  private final Waiting waiting;
  private final Consumer<String> say;

  /// @param say hears how it gets on
  StatefulSetClone(
      CloneApi api, StatefulSetName source, Waiting.Pause pause, Consumer<String> say) {
    this.api = api;
    this.source = source;
    this.waiting = new Waiting(pause);
    this.say = say;
  }

  /// @param client its API
  public static StatefulSetClone over(
      KubernetesClient client, StatefulSetName source, Clock clock, Consumer<String> say) {
    return new StatefulSetClone(new ClusterApi(client, source, clock), source, Thread::sleep, say);
  }

  /// The Role that clones need, as YAML.
  public static String role(String namespace) {
    return Right.role("pgbackup-clone", namespace, Right.CLONE);
  }

  /// Checks everything that can be checked and shows what would be made: nothing is left of it.
  ///
  /// @throws PgBackupException in all cases of refusal; the hint says what to do
  public void plan(CloneOrder order) {
    Made made = design(order);
    if (standing(order).isPresent()) {
      say.accept("%s stands already, as this command makes it".formatted(clone(order)));
      return;
    }
    refuseStrangers(made, order);
    tell(made, order);
    look(made);
  }

  /// Makes the clone and waits until it is ready, or goes on with the same that was cut off.
  ///
  /// @throws PgBackupException in all cases of failure; the hint says what to do
  public void make(CloneOrder order) {
    Made made = design(order);
    if (standing(order).isPresent()) {
      say.accept("going on with %s".formatted(clone(order)));
      waiting.removal(api, lookName(order.name()));
      tryAgainAtOnce(order);
    } else {
      refuseStrangers(made, order);
      tell(made, order);
      look(made);
      made.parts().forEach(api::make);
      api.make(made.set());
    }
    fill(order);
    start(order);
    awaitStandbys(order);
    say.accept(
        "  %s is ready; it goes away with\n    kubectl -n %s delete %s"
            .formatted(clone(order), source.namespace(), objects(made, order)));
  }

  private String clone(CloneOrder order) {
    return "StatefulSet %s/%s".formatted(source.namespace(), order.name());
  }

  private static String objects(Made made, CloneOrder order) {
    List<HasMetadata> all = new ArrayList<>(made.parts());
    all.addFirst(made.set());
    return all.stream()
            .map(object -> "%s/%s".formatted(kind(object), object.getMetadata().getName()))
            .collect(joining(" "))
        + made.claimsOf(order).stream().map(" pvc/%s"::formatted).collect(joining());
  }

  private static String kind(HasMetadata object) {
    return object.getKind().toLowerCase(Locale.ROOT);
  }

  /// @param parts everything but the StatefulSet
  /// @param claims the names of its templates of claims
  private record Made(
      StatefulSet set, List<HasMetadata> parts, List<String> claims, CloneSet design) {
    /// The names of its claims, those of the primary first.
    List<String> claimsOf(CloneOrder order) {
      return IntStream.range(0, order.replicas())
          .boxed()
          .flatMap(
              ordinal ->
                  claims.stream().map(claim -> "%s-%s-%d".formatted(claim, order.name(), ordinal)))
          .toList();
    }
  }

  private Made design(CloneOrder order) {
    Right.refuse(api.missing(Right.CLONE), "clone", source.namespace());
    if (order.name().equals(source.name())) {
      throw Problem.refused(
              "a clone cannot have the name of its source, " + source,
              "Give another name as --as; to bring the cluster itself back use 'pgbackup restore"
                  + " --in-place'.")
          .asException();
    }
    StatefulSet theirs = api.statefulSet();
    CloneRefusals.checkReplicas(order, theirs);
    DatabasePod database = DatabasePod.of(theirs);
    CloneNames names = new CloneNames(database.set(), order.name());
    AgentConfig config = config(database);
    Volume credentials = config.credentials(database);
    CloneRefusals.checkSecrets(order, credentials.getSecret(), config.cluster());
    List<HasMetadata> parts = new ArrayList<>();
    parts.add(config.of(names));
    Optional<ServiceAccount> account = account(names);
    account.ifPresent(parts::add);
    List<Service> services = CloneServices.of(names, api.services());
    parts.addAll(services);
    CloneSet design =
        new CloneSet(
            database,
            config,
            credentials,
            names,
            order,
            account.map(it -> it.getMetadata().getName()).orElse(DEFAULT_ACCOUNT));
    StatefulSet set = design.set();
    CloneRefusals.checkApart(set, credentials.getSecret().getSecretName());
    return new Made(
        set,
        parts,
        set.getSpec().getVolumeClaimTemplates().stream()
            .map(claim -> claim.getMetadata().getName())
            .toList(),
        design);
  }

  private AgentConfig config(DatabasePod database) {
    AgentConfig.Place place = AgentConfig.Place.of(database);
    return AgentConfig.of(
        database,
        place,
        api.configMap(place.map())
            .orElseThrow(
                () ->
                    Problem.notFound(
                            "there is no ConfigMap %s with the agent's configuration"
                                .formatted(place.map()),
                            "The source's next pod would not start either: bring it back first.")
                        .asException()));
  }

  /// One of its own, which no cloud gives a role to, unless the source's is the namespace's.
  private Optional<ServiceAccount> account(CloneNames names) {
    String theirs = names.source().getSpec().getTemplate().getSpec().getServiceAccountName();
    if (theirs == null || theirs.isEmpty() || theirs.equals(DEFAULT_ACCOUNT)) {
      return Optional.empty();
    }
    return Optional.of(
        new ServiceAccountBuilder()
            .withNewMetadata()
            .withNamespace(source.namespace())
            .withName(names.of(theirs))
            .withLabels(names.labels())
            .withAnnotations(names.annotations())
            .endMetadata()
            .withAutomountServiceAccountToken(false)
            .withImagePullSecrets(
                api.serviceAccount(theirs)
                    .map(ServiceAccount::getImagePullSecrets)
                    .orElseGet(List::of))
            .build());
  }

  /// The clone, where it was made already.
  private Optional<StatefulSet> standing(CloneOrder order) {
    Optional<StatefulSet> standing = api.statefulSet(order.name());
    standing.ifPresent(
        set -> {
          Optional<String> words = annotation(set, CloneNames.CLONE_WORDS);
          if (!isOurs(set) || words.isEmpty()) {
            throw exists(set, "was not made by a clone of " + source);
          }
          if (!words.get().equals(order.words())) {
            throw exists(set, "is a clone with other options: " + words.get());
          }
        });
    return standing;
  }

  private static Optional<String> annotation(HasMetadata object, String key) {
    return Optional.ofNullable(object.getMetadata().getAnnotations()).map(all -> all.get(key));
  }

  private boolean isOurs(HasMetadata object) {
    return annotation(object, CloneNames.CLONE_OF).filter(source.name()::equals).isPresent();
  }

  private static PgBackupException exists(HasMetadata object, String why) {
    return Problem.refused(
            "%s %s/%s exists and %s"
                .formatted(
                    object.getKind(),
                    object.getMetadata().getNamespace(),
                    object.getMetadata().getName(),
                    why),
            "Choose another --as, or remove what stands there.")
        .asException();
  }

  private void refuseStrangers(Made made, CloneOrder order) {
    for (String name : made.claimsOf(order)) {
      if (api.claim(name).isPresent()) {
        throw Problem.refused(
                "the volume claim %s exists, and a clone begins with an empty volume"
                    .formatted(name),
                "Choose another --as, or remove it: 'kubectl -n %s delete pvc %s'."
                    .formatted(source.namespace(), name))
            .asException();
      }
    }
    List<Service> services = api.services();
    for (HasMetadata part : made.parts()) {
      String name = part.getMetadata().getName();
      Optional<? extends HasMetadata> there =
          switch (part) {
            case Service _ ->
                services.stream()
                    .filter(known -> known.getMetadata().getName().equals(name))
                    .findFirst();
            case ServiceAccount _ -> api.serviceAccount(name);
            default -> api.configMap(name);
          };
      there
          .filter(object -> !isOurs(object))
          .ifPresent(
              object -> {
                throw exists(object, "was not made by a clone of " + source);
              });
    }
  }

  private void tell(Made made, CloneOrder order) {
    int replicas = made.design().replicasOfSource();
    say.accept(
        "  makes        %s, %s%s, of %s"
            .formatted(
                clone(order),
                order.replicas() > 1 ? order.replicas() + " replicas" : "one replica",
                replicas == order.replicas() ? "" : " (the source has %d)".formatted(replicas),
                source));
    for (HasMetadata part : made.parts()) {
      say.accept("               %s %s".formatted(part.getKind(), part.getMetadata().getName()));
    }
    for (String claim : made.claimsOf(order)) {
      say.accept("               the volume claim " + claim);
    }
    say.accept("  credentials  Secret %s writes its own backups".formatted(order.secret()));
    say.accept(
        "               Secret %s reads the source's"
            .formatted(order.sourceSecret().orElse(order.secret())));
  }

  /// Reads the archive with the clone's credentials, and proves what they cannot do.
  private void look(Made made) {
    String name = lookName(made.set().getMetadata().getName());
    // of one that was cut off
    waiting.removal(api, name);
    try {
      api.create(made.design().look(name));
      follower(DatabasePod::ended).follow(name, DatabasePod.AGENT, Waiting.POD);
    } catch (PgBackupException e) {
      throw made.design().missingSecret(e).map(problem -> problem.causedBy(e)).orElse(e);
    } finally {
      api.deletePod(name);
    }
  }

  private static String lookName(String clone) {
    return "pgbackup-clone-%s-look".formatted(clone);
  }

  private PodFollower follower(BiFunction<Pod, String, Optional<Integer>> ended) {
    return new PodFollower(api, say, waiting, ended);
  }

  private static String pod(CloneOrder order) {
    return order.name() + "-0";
  }

  /// Kubernetes waits longer after each failure; whoever gives the command again has mended it.
  private void tryAgainAtOnce(CloneOrder order) {
    if (api.pod(pod(order)).flatMap(pod -> failedBefore(pod, CloneSet.BOOTSTRAP)).isPresent()) {
      waiting.removal(api, pod(order));
    }
  }

  private void fill(CloneOrder order) {
    say.accept("  fill the volume from the archive");
    waiting.until(
        "pod %s to be made".formatted(pod(order)),
        Waiting.POD,
        () -> api.pod(pod(order)).isPresent());
    follower(StatefulSetClone::filled).follow(pod(order), CloneSet.BOOTSTRAP, Waiting.POD);
  }

  /// The status of an init container that is over, or that fails again and again.
  private static Optional<Integer> filled(Pod pod, String container) {
    return PodFollower.status(pod, container)
        .map(ContainerStatus::getState)
        .map(ContainerState::getTerminated)
        .map(ended -> ended.getExitCode())
        .or(() -> failedBefore(pod, container));
  }

  private static Optional<Integer> failedBefore(Pod pod, String container) {
    return PodFollower.status(pod, container)
        .filter(status -> status.getState() == null || status.getState().getRunning() == null)
        .map(ContainerStatus::getLastState)
        .map(ContainerState::getTerminated)
        .map(ended -> ended.getExitCode())
        .filter(code -> code != 0);
  }

  private void start(CloneOrder order) {
    say.accept("  start the server");
    waiting.until("the clone's server to be ready", START_PATIENCE, () -> ready(order) > 0);
  }

  private int ready(CloneOrder order) {
    return api.statefulSet(order.name())
        .map(StatefulSet::getStatus)
        .map(StatefulSetStatus::getReadyReplicas)
        .orElse(0);
  }

  /// They fill their volumes from the primary, as the source's do.
  private void awaitStandbys(CloneOrder order) {
    if (order.replicas() == 1) {
      return;
    }
    say.accept("  make the standbys from the primary");
    int[] shown = {1};
    waiting.until(
        "the clone's standbys to be ready",
        COPY_PATIENCE,
        () -> {
          int ready = ready(order);
          if (ready > shown[0]) {
            say.accept("  %d of %d servers are ready".formatted(ready, order.replicas()));
            shown[0] = ready;
          }
          return ready >= order.replicas();
        });
  }
}
