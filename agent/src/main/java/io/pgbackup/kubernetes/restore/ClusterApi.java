package io.pgbackup.kubernetes.restore;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReview;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReviewBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.pgbackup.kubernetes.report.ClusterRecord;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;

/// The API of a cluster, for one StatefulSet.
final class ClusterApi implements RestoreApi, CloneApi {
  private static final Duration RENEWAL = Duration.ofSeconds(5);
  private static final int UNAVAILABLE_RETRIES = 30;
  private static final long RETRY_MILLIS = 2_000;

  private final KubernetesClient client;
  private final StatefulSetName name;
  private final Clock clock;
  private Instant held = Instant.EPOCH;

  ClusterApi(KubernetesClient client, StatefulSetName name, Clock clock) {
    this.client = client;
    this.name = name;
    this.clock = clock;
  }

  @Override
  public List<Right> missing(List<Right> rights) {
    return rights.stream().filter(right -> !isAllowed(right)).toList();
  }

  private boolean isAllowed(Right right) {
    String[] resource = right.resource().split("/", 2);
    SelfSubjectAccessReview asked =
        new SelfSubjectAccessReviewBuilder()
            .withNewSpec()
            .withNewResourceAttributes()
            .withNamespace(name.namespace())
            .withGroup(right.group())
            .withResource(resource[0])
            .withSubresource(resource.length > 1 ? resource[1] : null)
            .withVerb(right.verb())
            .endResourceAttributes()
            .endSpec()
            .build();
    SelfSubjectAccessReview answer =
        ask(
            "ask what this user may do",
            () -> client.authorization().v1().selfSubjectAccessReview().create(asked));
    return answer.getStatus() != null && Boolean.TRUE.equals(answer.getStatus().getAllowed());
  }

  @Override
  public StatefulSet statefulSet() {
    return statefulSet(name.name())
        .orElseThrow(
            () ->
                Problem.notFound(
                        "there is no StatefulSet " + name,
                        "'kubectl get statefulsets -A' lists what there is.")
                    .asException());
  }

  @Override
  public Optional<StatefulSet> statefulSet(String set) {
    return Optional.ofNullable(
        ask(
            "read the StatefulSet %s/%s".formatted(name.namespace(), set),
            () -> client.apps().statefulSets().inNamespace(name.namespace()).withName(set).get()));
  }

  @Override
  public Optional<ConfigMap> configMap(String map) {
    return Optional.ofNullable(
        ask(
            "read the ConfigMap " + map,
            () -> client.configMaps().inNamespace(name.namespace()).withName(map).get()));
  }

  @Override
  public Optional<ServiceAccount> serviceAccount(String account) {
    return Optional.ofNullable(
        ask(
            "read the ServiceAccount " + account,
            () -> client.serviceAccounts().inNamespace(name.namespace()).withName(account).get()));
  }

  @Override
  public List<Service> services() {
    return ask(
        "list the Services",
        () -> client.services().inNamespace(name.namespace()).list().getItems());
  }

  @Override
  public void make(HasMetadata object) {
    create(object, "make %s %s".formatted(object.getKind(), object.getMetadata().getName()));
  }

  @Override
  public Optional<PersistentVolumeClaim> claim(String claim) {
    return Optional.ofNullable(
        ask(
            "read the volume claim " + claim,
            () ->
                client
                    .persistentVolumeClaims()
                    .inNamespace(name.namespace())
                    .withName(claim)
                    .get()));
  }

  @Override
  public void delete(PersistentVolumeClaim claim) {
    String which = claim.getMetadata().getName();
    ask(
        "delete the volume claim " + which,
        () -> {
          try {
            return client
                .persistentVolumeClaims()
                .inNamespace(name.namespace())
                .withName(which)
                .lockResourceVersion(claim.getMetadata().getResourceVersion())
                .delete();
          } catch (KubernetesClientException e) {
            if (e.getCode() != 409) {
              throw e;
            }
            return List.of();
          }
        });
  }

  @Override
  public void scale(int replicas) {
    String patch = "{\"spec\":{\"replicas\":%d}}".formatted(replicas);
    ask(
        "scale the StatefulSet " + name,
        () ->
            client
                .apps()
                .statefulSets()
                .inNamespace(name.namespace())
                .withName(name.name())
                .patch(PatchContext.of(PatchType.JSON_MERGE), patch));
  }

  @Override
  public List<Pod> pods() {
    return ask(
        "list the pods", () -> client.pods().inNamespace(name.namespace()).list().getItems());
  }

  @Override
  public Optional<Pod> pod(String pod) {
    return Optional.ofNullable(
        ask(
            "read pod " + pod,
            () -> client.pods().inNamespace(name.namespace()).withName(pod).get()));
  }

  @Override
  public void create(Pod pod) {
    create(pod, "make pod " + pod.getMetadata().getName());
  }

  @Override
  public void deletePod(String pod) {
    ask(
        "delete pod " + pod,
        () -> client.pods().inNamespace(name.namespace()).withName(pod).delete());
  }

  @Override
  public String log(String pod, String container) {
    try {
      String log =
          client.pods().inNamespace(name.namespace()).withName(pod).inContainer(container).getLog();
      return log == null ? "" : log;
    } catch (KubernetesClientException e) {
      // its container has not begun, or the node is slow; it is asked again
      return "";
    }
  }

  /// The API's own words are left out: they may repeat what was sent.
  @Override
  public boolean make(Secret secret, boolean onlyTry) {
    String what = "make the Secret " + secret.getMetadata().getName();
    return ask(
        what,
        () -> {
          try {
            client.resource(secret).dryRun(onlyTry).create();
            return true;
          } catch (KubernetesClientException e) {
            if (e.getCode() == 409) {
              return false;
            }
            if (e.getCode() == 400 || e.getCode() == 422) {
              throw Problem.refused(
                      "cannot %s: the API answered %d".formatted(what, e.getCode()),
                      "See whether Kubernetes takes the names that the StatefulSet has for it and its key.")
                  .causedBy(e);
            }
            throw e;
          }
        });
  }

  @Override
  public Optional<ClusterRecord> record() {
    return configMap(ClusterRecord.nameFor(name.name()))
        .map(ConfigMap::getData)
        .flatMap(ClusterRecord::parse);
  }

  @Override
  public Optional<Journal> journal() {
    try {
      return Optional.ofNullable(
              ask(
                  "read the journal " + name.restore(),
                  () ->
                      client
                          .configMaps()
                          .inNamespace(name.namespace())
                          .withName(name.restore())
                          .get()))
          .map(ConfigMap::getData)
          .map(Journal::of);
    } catch (IllegalArgumentException e) {
      throw Problem.refused(
              "the ConfigMap %s is not understood: %s".formatted(name.restore(), e.getMessage()),
              "It is a restore's journal, of this or another version; look at it before you delete"
                  + " it.")
          .causedBy(e);
    }
  }

  @Override
  public void write(Journal journal) {
    ConfigMap map =
        new ConfigMapBuilder()
            .withNewMetadata()
            .withNamespace(name.namespace())
            .withName(name.restore())
            .addToLabels("app.kubernetes.io/managed-by", "pgbackup")
            .endMetadata()
            .withData(journal.data())
            .build();
    createOrUpdate(map, "write the journal " + name.restore());
  }

  @Override
  public Optional<Holder> holder() {
    return holder(lease());
  }

  private Optional<Holder> holder(Optional<Lease> lease) {
    return lease
        .map(Lease::getSpec)
        .filter(spec -> spec.getRenewTime() != null && spec.getHolderIdentity() != null)
        .map(spec -> new Holder(spec.getHolderIdentity(), spec.getRenewTime().toInstant()))
        .filter(holder -> !holder.who().isEmpty())
        .filter(holder -> holder.renewed().isAfter(clock.instant().minus(LEASE)));
  }

  private Optional<Lease> lease() {
    return Optional.ofNullable(
        ask(
            "read the lease " + name.restore(),
            () -> client.leases().inNamespace(name.namespace()).withName(name.restore()).get()));
  }

  @Override
  public void hold(String holder, boolean takeOver) {
    Instant now = clock.instant();
    if (!takeOver && held.plus(RENEWAL).isAfter(now)) {
      return;
    }
    Optional<Lease> standing = lease();
    Optional<String> other =
        holder(standing).map(Holder::who).filter(known -> !known.equals(holder));
    if (other.isPresent() && !takeOver) {
      throw taken(other.get()).asException();
    }
    writeLease(standing, holder);
    held = now;
  }

  @Override
  public void release(String holder) {
    Optional<Lease> standing = lease();
    if (holder(standing).map(Holder::who).filter(holder::equals).isPresent()) {
      writeLease(standing, "");
    }
  }

  /// Fails where somebody else has written it since it was read.
  private void writeLease(Optional<Lease> standing, String holder) {
    Lease lease =
        new LeaseBuilder()
            .withNewMetadata()
            .withNamespace(name.namespace())
            .withName(name.restore())
            .withResourceVersion(
                standing.map(known -> known.getMetadata().getResourceVersion()).orElse(null))
            .addToLabels("app.kubernetes.io/managed-by", "pgbackup")
            .endMetadata()
            .withNewSpec()
            .withHolderIdentity(holder)
            .withLeaseDurationSeconds((int) LEASE.toSeconds())
            .withRenewTime(clock.instant().atZone(ZoneOffset.UTC))
            .endSpec()
            .build();
    ask(
        "write the lease " + name.restore(),
        () -> {
          try {
            return standing.isPresent()
                ? client.resource(lease).update()
                : client.resource(lease).create();
          } catch (KubernetesClientException e) {
            if (e.getCode() != 409) {
              throw e;
            }
            Optional<Lease> now = lease();
            if (now.filter(found -> isSameWrite(found, lease)).isPresent()) {
              return now.get();
            }
            throw taken(holder(now).map(Holder::who).orElse("somebody else")).causedBy(e);
          }
        });
  }

  /// A write is repeated whose answer was lost, and meets itself. The time that is written makes it
  /// one of a kind; the API keeps microseconds of it.
  private static boolean isSameWrite(Lease found, Lease written) {
    return found.getSpec() != null
        && found.getSpec().getRenewTime() != null
        && Objects.equals(
            found.getSpec().getHolderIdentity(), written.getSpec().getHolderIdentity())
        && micros(found).equals(micros(written));
  }

  private static Instant micros(Lease lease) {
    return lease.getSpec().getRenewTime().toInstant().truncatedTo(ChronoUnit.MICROS);
  }

  private Problem taken(String other) {
    return Problem.refused(
        "%s has taken the lease of restores of %s".formatted(other, name),
        "Wait for that command; what this one began goes on with the same command.");
  }

  private void createOrUpdate(HasMetadata object, String what) {
    ask(
        what,
        () -> {
          try {
            return client.resource(object).update();
          } catch (KubernetesClientException e) {
            if (e.getCode() != 404) {
              throw e;
            }
            return client.resource(object).create();
          }
        });
  }

  /// One that exists already is the same: its name is this restore's and this step's.
  private void create(HasMetadata object, String what) {
    ask(
        what,
        () -> {
          try {
            return client.resource(object).create();
          } catch (KubernetesClientException e) {
            if (e.getCode() != 409) {
              throw e;
            }
            return object;
          }
        });
  }

  /// An API server that is away for a minute does not end a restore.
  private <T> T ask(String what, Supplier<T> question) {
    for (int attempt = 1; ; attempt++) {
      try {
        return question.get();
      } catch (KubernetesClientException e) {
        if (attempt == UNAVAILABLE_RETRIES || (e.getCode() != 0 && e.getCode() < 500)) {
          throw failure(what, e);
        }
        pause(what);
      }
    }
  }

  private static void pause(String what) {
    try {
      Thread.sleep(RETRY_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Problem.timedOut("interrupted; could not " + what, "Give the same command again.")
          .causedBy(e);
    }
  }

  private static PgBackupException failure(String what, KubernetesClientException e) {
    String message = "cannot %s: the API answered %d".formatted(what, e.getCode());
    return switch (e.getCode()) {
      case 0 ->
          Problem.timedOut(
                  "cannot %s: the API of Kubernetes does not answer".formatted(what),
                  "Check the current context of your kubeconfig. Give the same command again.")
              .causedBy(e);
      case 401, 403 ->
          Problem.misconfigured(message, "'pgbackup k8s rbac' prints a Role with what is needed.")
              .causedBy(e);
      default ->
          Problem.refused(
                  message + Optional.ofNullable(e.getMessage()).map(text -> ": " + text).orElse(""),
                  "Give the same command again when the reason is gone.")
              .causedBy(e);
    };
  }
}
