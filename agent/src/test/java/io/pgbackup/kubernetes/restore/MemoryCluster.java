package io.pgbackup.kubernetes.restore;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.pgbackup.kubernetes.report.ClusterRecord;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// One StatefulSet as a restore sees it, in memory: its pods come and go with the replicas, one
/// look later than they were asked to, and an empty volume of a standby is filled from the
/// primary's. A restore's pods end after they were looked at once. It can die at any call, as a
/// terminal that is closed does.
final class MemoryCluster implements RestoreApi {
  static final StatefulSetName ORDERS = new StatefulSetName("shop", "orders");

  /// The command was killed.
  static final class Killed extends Error {
    private static final long serialVersionUID = 1;
  }

  /// Whether a command does not come to its end.
  static boolean isKilled(Runnable command) {
    try {
      command.run();
      return false;
    } catch (Killed _) {
      return true;
    }
  }

  private static final String SET =
      """
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: { name: orders, namespace: shop }
      spec:
        replicas: 1
        template:
          spec:
            securityContext: { runAsUser: 999, fsGroup: 999 }
            tolerations: [{ key: databases, operator: Exists }]
            imagePullSecrets: [{ name: registry }]
            initContainers:
              - { name: pgbackup-client, image: agent:1, command: [install] }
              - name: pgbackup-agent
                image: agent:1
                restartPolicy: Always
                args: [--config, /etc/pgbackup/other.yaml]
                volumeMounts:
                  - { name: data, mountPath: /var/lib/pgbackup }
                  - { name: bucket, mountPath: /etc/pgbackup-credentials, readOnly: true }
            containers:
              - name: postgres
                image: postgres:17
                env:
                  - { name: PGDATA, value: /var/lib/pgbackup/data }
                  - { name: POSTGRES_USER, value: admin }
                  - name: POSTGRES_PASSWORD
                    valueFrom: { secretKeyRef: { name: superuser, key: pw } }
                volumeMounts: [{ name: data, mountPath: /var/lib/pgbackup }]
            volumes:
              - { name: bucket, secret: { secretName: bucket } }
        volumeClaimTemplates:
          - metadata: { name: data }
      """;

  private final Map<String, Pod> pods = new LinkedHashMap<>();
  private final List<String> made = new ArrayList<>();
  private final List<Pod> podsMade = new ArrayList<>();
  private final Map<String, PersistentVolumeClaim> claims = new TreeMap<>();
  private final Map<String, String> data = new TreeMap<>();
  private final List<String> deleted = new ArrayList<>();
  private Deque<ClusterRecord> records = new ArrayDeque<>();
  private StatefulSet set = Serialization.unmarshal(SET, StatefulSet.class);
  private Optional<Journal> journal = Optional.empty();
  private Optional<Holder> holder = Optional.empty();
  private Runnable whenAsked = () -> {};
  private List<Right> denied = List.of();
  private String failing = "none";
  private int callsLeft = Integer.MAX_VALUE;
  private int count;
  private String guest = "none";
  private String stuck = "none";
  private int guestLooks;
  private boolean withoutPassword;
  private Optional<Secret> secret =
      Optional.of(
          new SecretBuilder()
              .withNewMetadata()
              .withName("superuser")
              .endMetadata()
              .withStringData(Map.of("pw", "of before"))
              .build());
  private long generation = 1;
  private long seen;
  private int ready;

  MemoryCluster() {
    data.put(claim(0), "old");
    follow();
  }

  /// With a primary and standbys, as the chart makes them.
  static MemoryCluster withReplicas(int replicas) {
    MemoryCluster cluster = new MemoryCluster();
    cluster.set(
        new StatefulSetBuilder(orders())
            .editMetadata()
            .addToAnnotations("pgbackup.io/standbys", "made-from-primary")
            .endMetadata()
            .build());
    cluster.scale(replicas);
    return cluster;
  }

  private static String claim(int ordinal) {
    return "data-orders-" + ordinal;
  }

  /// What lies in each volume, by the claim's name: `old`, or what a restore put there.
  Map<String, String> data() {
    return data;
  }

  /// The names of the claims that were deleted, in their order.
  List<String> deleted() {
    return deleted;
  }

  /// A pod that its controller does not stop, as it does where neither this nor the first is ready.
  void stick(String pod) {
    stuck = pod;
  }

  /// A pod of somebody else that uses a claim until it was seen so often.
  void use(String claim, String pod, int looks) {
    pods.put(pod, running(pod, claim));
    guestLooks = looks;
    guest = pod;
  }

  static StatefulSet orders() {
    return Serialization.unmarshal(SET, StatefulSet.class);
  }

  /// The words of each pod that was made, in their order.
  List<String> made() {
    return made;
  }

  /// The pods of the restore, in the order in which they were made.
  List<Pod> podsMade() {
    return podsMade;
  }

  void loseSecret() {
    secret = Optional.empty();
  }

  Optional<Secret> secret() {
    return secret;
  }

  /// Whether a pod was to set a password that there was not.
  boolean lackedPassword() {
    return withoutPassword;
  }

  /// The password of the superuser and whatever else stands in its Secret.
  Map<String, String> passwords() {
    return secret.map(Secret::getStringData).orElse(Map.of());
  }

  int replicas() {
    return set.getSpec().getReplicas();
  }

  List<String> podNames() {
    return List.copyOf(pods.keySet());
  }

  void set(StatefulSet other) {
    set = other;
  }

  void deny(List<Right> rights) {
    denied = rights;
  }

  /// @param whenAsked what happens each time somebody asks who has the lease
  void heldBy(String other, Instant renewed, Runnable whenAsked) {
    holder = Optional.of(new Holder(other, renewed));
    this.whenAsked = whenAsked;
  }

  void nobodyHolds() {
    holder = Optional.empty();
  }

  /// Pods of this step end with status 5 from now on.
  void fail(String step) {
    failing = step;
  }

  void killAfter(int calls) {
    callsLeft = calls;
  }

  private void called() {
    if (callsLeft-- <= 0) {
      throw new Killed();
    }
  }

  /// What the StatefulSet's controller does when it is asked to.
  private void follow() {
    for (int ordinal = 0; ordinal < replicas(); ordinal++) {
      String claim = claim(ordinal);
      assertThat(claims.get(claim))
          .satisfiesAnyOf(
              it -> assertThat(it).isNull(),
              it -> assertThat(it.getMetadata().getDeletionTimestamp()).isNull());
      claims.computeIfAbsent(claim, this::newClaim);
      data.computeIfAbsent(claim, _ -> data.get(claim(0)));
      pods.putIfAbsent("orders-" + ordinal, running("orders-" + ordinal, claim));
    }
  }

  /// And when some time has passed.
  private void follow(String pod) {
    if (!pod.equals(stuck)
        && pod.matches("orders-\\d+")
        && Integer.parseInt(pod.substring(7)) >= replicas()) {
      pods.remove(pod);
    }
  }

  private PersistentVolumeClaim newClaim(String name) {
    return new PersistentVolumeClaimBuilder()
        .withNewMetadata()
        .withName(name)
        .withUid("claim-" + ++count)
        .endMetadata()
        .withNewSpec()
        .withAccessModes("ReadWriteOnce")
        .endSpec()
        .build();
  }

  private static Pod running(String name, String claim) {
    return new PodBuilder()
        .withNewMetadata()
        .withName(name)
        .endMetadata()
        .withNewSpec()
        .withNodeName("node7")
        .addNewVolume()
        .withName("data")
        .withNewPersistentVolumeClaim()
        .withClaimName(claim)
        .endPersistentVolumeClaim()
        .endVolume()
        .endSpec()
        .withNewStatus()
        .withPhase("Running")
        .endStatus()
        .build();
  }

  @Override
  public List<Right> missing(List<Right> rights) {
    called();
    return rights.stream().filter(denied::contains).toList();
  }

  /// Its status lags behind, and its servers are ready one after the other.
  @Override
  public StatefulSet statefulSet() {
    called();
    StatefulSet now =
        new StatefulSetBuilder(set)
            .editMetadata()
            .withGeneration(generation)
            .endMetadata()
            .withNewStatus()
            .withObservedGeneration(seen)
            .withReadyReplicas(ready)
            .endStatus()
            .build();
    ready = seen == generation ? Math.min(ready + 1, replicas()) : Math.min(ready, replicas());
    seen = generation;
    return now;
  }

  /// One that goes is seen once more.
  @Override
  public Optional<PersistentVolumeClaim> claim(String name) {
    called();
    Optional<PersistentVolumeClaim> found = Optional.ofNullable(claims.get(name));
    found
        .filter(claim -> claim.getMetadata().getDeletionTimestamp() != null)
        .ifPresent(
            _ -> {
              claims.remove(name);
              data.remove(name);
            });
    return found;
  }

  @Override
  public void delete(PersistentVolumeClaim claim) {
    called();
    String name = claim.getMetadata().getName();
    assertThat(pods.values()).noneMatch(pod -> DatabasePod.uses(pod, name));
    assertThat(claims.get(name)).isEqualTo(claim);
    claims.put(
        name,
        new PersistentVolumeClaimBuilder(claim)
            .editMetadata()
            .withDeletionTimestamp("2026-11-21T12:00:00Z")
            .endMetadata()
            .build());
    deleted.add(name);
  }

  @Override
  public void scale(int replicas) {
    called();
    set = new StatefulSetBuilder(set).editSpec().withReplicas(replicas).endSpec().build();
    generation++;
    follow();
  }

  @Override
  public List<Pod> pods() {
    called();
    List<Pod> now = List.copyOf(pods.values());
    now.forEach(pod -> follow(pod.getMetadata().getName()));
    if (guestLooks-- == 0) {
      pods.remove(guest);
    }
    return now;
  }

  @Override
  public Optional<Pod> pod(String name) {
    called();
    Optional<Pod> found = Optional.ofNullable(pods.get(name));
    found
        .filter(pod -> !DatabasePod.isOver(pod))
        .ifPresent(pod -> pods.put(name, withPhase(pod, ends(name))));
    return found;
  }

  private String ends(String name) {
    return name.endsWith(failing) ? "Failed" : "Succeeded";
  }

  private static Pod withPhase(Pod pod, String phase) {
    return new PodBuilder(pod)
        .withNewStatus()
        .withPhase(phase)
        .addNewContainerStatus()
        .withName(DatabasePod.AGENT)
        .withNewState()
        .withNewTerminated()
        .withExitCode(phase.equals("Failed") ? 5 : 0)
        .endTerminated()
        .endState()
        .endContainerStatus()
        .endStatus()
        .build();
  }

  @Override
  public void create(Pod pod) {
    called();
    List<String> words = pod.getSpec().getContainers().getFirst().getCommand();
    int at = words.indexOf("in-pod");
    Pod known = new PodBuilder(pod).editMetadata().withUid("pod-" + ++count).endMetadata().build();
    if (pods.putIfAbsent(pod.getMetadata().getName(), known) == null) {
      podsMade.add(known);
      String work = words.get(at + 1);
      if (words.contains("--password") && secret.isEmpty()) {
        withoutPassword = true;
      }
      if (work.equals("place") || work.equals("undo")) {
        data.put(claim(0), work.equals("place") ? "restored" : "old");
      }
      made.add(work + (pods.containsKey("orders-0") ? " beside" : " alone"));
    }
  }

  @Override
  public void deletePod(String name) {
    called();
    pods.remove(name);
    follow();
  }

  @Override
  public String log(String pod, String container) {
    called();
    return pod.endsWith(failing)
        ? "  fetching\nERROR: the store is away\nHINT: Wait for it.\n"
        : "  working\n";
  }

  /// One after the other, the last of them again and again.
  void agentSays(ClusterRecord... said) {
    records = new ArrayDeque<>(List.of(said));
  }

  @Override
  public Optional<ClusterRecord> record() {
    called();
    return Optional.ofNullable(records.size() > 1 ? records.poll() : records.peek());
  }

  @Override
  public boolean make(Secret wanted, boolean onlyTry) {
    called();
    assertThat(denied).doesNotContainAnyElementsOf(Right.SECRET);
    assertThat(wanted.getMetadata().getName()).isEqualTo("superuser");
    boolean missing = secret.isEmpty();
    if (missing && !onlyTry) {
      secret = Optional.of(wanted);
    }
    return missing;
  }

  @Override
  public Optional<Journal> journal() {
    called();
    return journal;
  }

  @Override
  public void write(Journal now) {
    called();
    // as it is kept
    journal = Optional.of(Journal.of(now.data()));
  }

  @Override
  public Optional<Holder> holder() {
    Optional<Holder> now = holder;
    whenAsked.run();
    return now;
  }

  @Override
  public void hold(String now, boolean takeOver) {
    holder = Optional.of(new Holder(now, Instant.EPOCH));
  }

  @Override
  public void release(String now) {
    holder = Optional.empty();
  }
}
