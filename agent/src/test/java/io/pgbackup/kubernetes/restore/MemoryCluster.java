package io.pgbackup.kubernetes.restore;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// One StatefulSet as a restore sees it, in memory: its pod comes and goes with the replicas, and a
/// restore's pods end after they were looked at once. It can die at any call, as a terminal that is
/// closed does.
final class MemoryCluster implements RestoreApi {
  static final StatefulSetName ORDERS = new StatefulSetName("shop", "orders");

  /// The command was killed.
  static final class Killed extends Error {
    private static final long serialVersionUID = 1;
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
  private StatefulSet set = Serialization.unmarshal(SET, StatefulSet.class);
  private Optional<Journal> journal = Optional.empty();
  private Optional<Holder> holder = Optional.empty();
  private Runnable whenAsked = () -> {};
  private List<Right> denied = List.of();
  private String failing = "none";
  private int callsLeft = Integer.MAX_VALUE;
  private int count;

  MemoryCluster() {
    follow();
  }

  static StatefulSet orders() {
    return Serialization.unmarshal(SET, StatefulSet.class);
  }

  /// The words of each pod that was made, in their order.
  List<String> made() {
    return made;
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

  /// What the StatefulSet's controller does.
  private void follow() {
    if (replicas() == 0) {
      pods.remove("orders-0");
    } else {
      pods.putIfAbsent("orders-0", running());
    }
  }

  private static Pod running() {
    return new PodBuilder()
        .withNewMetadata()
        .withName("orders-0")
        .endMetadata()
        .withNewSpec()
        .withNodeName("node7")
        .addNewVolume()
        .withName("data")
        .withNewPersistentVolumeClaim()
        .withClaimName("data-orders-0")
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

  @Override
  public StatefulSet statefulSet() {
    called();
    return new StatefulSetBuilder(set)
        .withNewStatus()
        .withReadyReplicas(replicas())
        .endStatus()
        .build();
  }

  @Override
  public Optional<PersistentVolumeClaim> claim(String name) {
    called();
    return Optional.of(
        new PersistentVolumeClaimBuilder()
            .withNewMetadata()
            .withName(name)
            .endMetadata()
            .withNewSpec()
            .withAccessModes("ReadWriteOnce")
            .endSpec()
            .build());
  }

  @Override
  public void scale(int replicas) {
    called();
    set = new StatefulSetBuilder(set).editSpec().withReplicas(replicas).endSpec().build();
    follow();
  }

  @Override
  public List<Pod> pods() {
    called();
    return List.copyOf(pods.values());
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
      made.add(words.get(at + 1) + (pods.containsKey("orders-0") ? " beside" : " alone"));
    }
  }

  @Override
  public void deletePod(String name) {
    called();
    pods.remove(name);
  }

  @Override
  public String log(String pod, String container) {
    called();
    return pod.endsWith(failing)
        ? "  fetching\nERROR: the store is away\nHINT: Wait for it.\n"
        : "  working\n";
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
