package io.pgbackup.kubernetes.restore;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.KubernetesResource;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.pgbackup.problem.Problem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/// A namespace in memory, with one StatefulSet as the chart makes it. Pods end after they were
/// looked at once. It can die at any call, as a terminal that is closed does.
final class MemoryNamespace implements CloneApi {
  static final StatefulSetName ORDERS = new StatefulSetName("shop", "orders");

  private static final String OBJECTS =
      """
      apiVersion: v1
      kind: ConfigMap
      metadata: { name: orders-pgbackup, namespace: shop, labels: { helm.sh/chart: pgbackup-1 } }
      data:
        ca.pem: a certificate
        pgbackup.yaml: |
          cluster: { name: orders, namespace: shop, uid: u1 }
          kubernetes: { configMap: orders-record, enabled: true }
          storage:
            url: s3://backups
            prefix: spilo/orders/u1
            credentials:
              accessKeyIdFile: /etc/pgbackup-credentials/access-key-id
              secretAccessKeyFile: /etc/pgbackup-credentials/secret-access-key
      ---
      apiVersion: v1
      kind: ServiceAccount
      metadata: { name: orders, namespace: shop, annotations: { eks.amazonaws.com/role-arn: writer } }
      imagePullSecrets: [{ name: registry }]
      ---
      apiVersion: v1
      kind: Service
      metadata: { name: orders, namespace: shop, annotations: { external-dns/hostname: orders.example } }
      spec:
        type: LoadBalancer
        clusterIP: 10.96.1.1
        clusterIPs: [10.96.1.1]
        selector: { app.kubernetes.io/name: pgbackup, app.kubernetes.io/instance: orders }
        ports: [{ name: postgresql, port: 5432, targetPort: postgresql, nodePort: 31000 }]
      ---
      apiVersion: v1
      kind: Service
      metadata: { name: orders-pods, namespace: shop }
      spec:
        clusterIP: None
        publishNotReadyAddresses: true
        selector: { app.kubernetes.io/name: pgbackup, app.kubernetes.io/instance: orders }
        ports: [{ name: postgresql, port: 5432 }]
      ---
      apiVersion: v1
      kind: Service
      metadata: { name: web, namespace: shop }
      spec: { selector: { app.kubernetes.io/name: web }, ports: [{ port: 80 }] }
      """;

  private static final String SET =
      """
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: orders
        namespace: shop
        uid: set-1
        labels:
          helm.sh/chart: pgbackup-1
          app.kubernetes.io/name: pgbackup
          app.kubernetes.io/instance: orders
          app.kubernetes.io/managed-by: Helm
        annotations:
          meta.helm.sh/release-name: orders
          argocd.argoproj.io/tracking-id: x
        ownerReferences: [{ apiVersion: v1, kind: Owner, name: owner, uid: owner-1 }]
        managedFields: [{ manager: helm }]
      spec:
        replicas: 1
        serviceName: orders-pods
        selector: { matchLabels: { app.kubernetes.io/name: pgbackup, app.kubernetes.io/instance: orders } }
        template:
          metadata:
            labels: { app.kubernetes.io/name: pgbackup, app.kubernetes.io/instance: orders, team: shop }
            annotations: { kubectl.kubernetes.io/restartedAt: "2026", kubectl.kubernetes.io/default-container: postgres }
          spec:
            serviceAccountName: orders
            securityContext: { runAsUser: 999, fsGroup: 999 }
            initContainers:
              - { name: pgbackup-client, image: agent:1, command: [install] }
              - name: pgbackup-bootstrap
                image: agent:1
                volumeMounts: [{ name: of-the-bootstrap, mountPath: /tmp }]
              - name: pgbackup-agent
                image: agent:1
                restartPolicy: Always
                args: [--config, /etc/pgbackup/pgbackup.yaml]
                volumeMounts:
                  - { name: data, mountPath: /var/lib/pgbackup }
                  - { name: pgbackup-config, mountPath: /etc/pgbackup, readOnly: true }
                  - { name: bucket, mountPath: /etc/pgbackup-credentials, readOnly: true }
            containers:
              - name: postgres
                image: postgres:17
                env:
                  - { name: PGDATA, value: /var/lib/pgbackup/data }
                  - name: POSTGRES_PASSWORD
                    valueFrom: { secretKeyRef: { name: superuser, key: pw } }
                volumeMounts: [{ name: data, mountPath: /var/lib/pgbackup }]
            volumes:
              - { name: of-the-bootstrap, emptyDir: {} }
              - { name: pgbackup-config, configMap: { name: orders-pgbackup } }
              - name: bucket
                secret:
                  secretName: orders-bucket
                  items:
                    - { key: AWS_ACCESS_KEY_ID, path: access-key-id }
                    - { key: AWS_SECRET_ACCESS_KEY, path: secret-access-key }
        volumeClaimTemplates:
          - metadata: { name: data }
            spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 2Gi } } }
            status: { phase: Pending }
      """;

  private final Map<String, HasMetadata> objects = new LinkedHashMap<>();
  private final Map<String, Pod> pods = new LinkedHashMap<>();
  private final List<Pod> made = new ArrayList<>();
  private final Map<String, Integer> ready = new LinkedHashMap<>();
  private List<Right> denied = List.of();
  private Optional<String> failing = Optional.empty();
  private String log = "";
  private int callsLeft = Integer.MAX_VALUE;
  private int count;

  MemoryNamespace() {
    Pattern.compile("---\n")
        .splitAsStream(OBJECTS)
        .map(document -> (HasMetadata) Serialization.unmarshal(document, KubernetesResource.class))
        .forEach(this::put);
    put(Serialization.unmarshal(SET, StatefulSet.class));
  }

  void put(HasMetadata object) {
    objects.put(key(object), object);
  }

  private static String key(HasMetadata object) {
    return object.getKind() + " " + object.getMetadata().getName();
  }

  /// `Service orders`, and so on.
  Set<String> names() {
    return new TreeSet<>(objects.keySet());
  }

  List<String> podNames() {
    return List.copyOf(pods.keySet());
  }

  /// In their order, removed or not.
  List<Pod> made() {
    return made;
  }

  <T extends HasMetadata> T get(Class<T> type, String name) {
    return find(type, name).orElseThrow();
  }

  void change(UnaryOperator<StatefulSetBuilder> how) {
    put(how.apply(new StatefulSetBuilder(get(StatefulSet.class, "orders"))).build());
  }

  void deny(List<Right> rights) {
    denied = rights;
  }

  /// @param container that ends with status 5 from now on
  void fail(String container, String log) {
    failing = Optional.of(container);
    this.log = log;
  }

  void mend() {
    failing = Optional.empty();
  }

  void killAfter(int calls) {
    callsLeft = calls;
  }

  private void called() {
    if (callsLeft-- <= 0) {
      throw new MemoryCluster.Killed();
    }
  }

  @Override
  public List<Right> missing(List<Right> rights) {
    called();
    return rights.stream().filter(denied::contains).toList();
  }

  @Override
  public StatefulSet statefulSet() {
    return statefulSet("orders")
        .orElseThrow(() -> Problem.notFound("there is none", "Make one.").asException());
  }

  @Override
  public Optional<StatefulSet> statefulSet(String name) {
    called();
    return find(StatefulSet.class, name)
        .map(
            set ->
                new StatefulSetBuilder(set)
                    .withNewStatus()
                    .withReadyReplicas(ready(name, set.getSpec().getReplicas()))
                    .endStatus()
                    .build());
  }

  /// Its standbys get ready one after the other, once somebody looked.
  private int ready(String set, int replicas) {
    return isReady(set) ? ready.merge(set, 1, (so, more) -> Math.min(so + more, replicas)) : 0;
  }

  private boolean isReady(String set) {
    return Optional.ofNullable(pods.get(set + "-0"))
        .map(pod -> pod.getStatus().getInitContainerStatuses())
        .filter(
            statuses ->
                statuses.stream()
                    .anyMatch(
                        status ->
                            status.getState().getTerminated() != null
                                && status.getState().getTerminated().getExitCode() == 0))
        .isPresent();
  }

  private <T extends HasMetadata> Optional<T> find(Class<T> type, String name) {
    return Optional.ofNullable(objects.get(type.getSimpleName() + " " + name)).map(type::cast);
  }

  @Override
  public Optional<PersistentVolumeClaim> claim(String name) {
    called();
    return find(PersistentVolumeClaim.class, name);
  }

  @Override
  public Optional<ConfigMap> configMap(String name) {
    called();
    return find(ConfigMap.class, name);
  }

  @Override
  public Optional<ServiceAccount> serviceAccount(String name) {
    called();
    return find(ServiceAccount.class, name);
  }

  @Override
  public List<Service> services() {
    called();
    return objects.values().stream()
        .filter(Service.class::isInstance)
        .map(Service.class::cast)
        .toList();
  }

  @Override
  public void make(HasMetadata object) {
    called();
    objects.putIfAbsent(key(object), object);
    if (object instanceof StatefulSet set) {
      for (int ordinal = 0; ordinal < set.getSpec().getReplicas(); ordinal++) {
        put(
            new PersistentVolumeClaimBuilder()
                .withNewMetadata()
                .withName("data-%s-%d".formatted(set.getMetadata().getName(), ordinal))
                .endMetadata()
                .build());
      }
      startPod(set.getMetadata().getName());
    }
  }

  /// What the StatefulSet's controller does.
  private void startPod(String set) {
    String name = set + "-0";
    pods.put(
        name,
        new PodBuilder()
            .withNewMetadata()
            .withName(name)
            .withUid("pod-" + ++count)
            .endMetadata()
            .withNewStatus()
            .withPhase("Pending")
            .endStatus()
            .build());
  }

  @Override
  public Optional<Pod> pod(String name) {
    called();
    Optional<Pod> found = Optional.ofNullable(pods.get(name));
    found.ifPresent(pod -> pods.put(name, later(pod)));
    return found;
  }

  /// As it is when somebody looks again.
  private Pod later(Pod pod) {
    boolean looks = pod.getMetadata().getName().endsWith("-look");
    String container = looks ? DatabasePod.AGENT : CloneSet.BOOTSTRAP;
    int status = failing.filter(container::equals).isPresent() ? 5 : 0;
    PodBuilder later = new PodBuilder(pod);
    if (looks) {
      return later
          .withNewStatus()
          .withPhase(status == 0 ? "Succeeded" : "Failed")
          .addNewContainerStatus()
          .withName(container)
          .withNewState()
          .withNewTerminated()
          .withExitCode(status)
          .endTerminated()
          .endState()
          .endContainerStatus()
          .endStatus()
          .build();
    }
    if (status == 0) {
      return later
          .withNewStatus()
          .withPhase("Pending")
          .addNewInitContainerStatus()
          .withName(container)
          .withNewState()
          .withNewTerminated()
          .withExitCode(0)
          .endTerminated()
          .endState()
          .endInitContainerStatus()
          .endStatus()
          .build();
    }
    return later
        .withNewStatus()
        .withPhase("Pending")
        .addNewInitContainerStatus()
        .withName(container)
        .withNewState()
        .withNewWaiting()
        .withReason("CrashLoopBackOff")
        .endWaiting()
        .endState()
        .withNewLastState()
        .withNewTerminated()
        .withExitCode(status)
        .endTerminated()
        .endLastState()
        .endInitContainerStatus()
        .endStatus()
        .build();
  }

  @Override
  public void create(Pod pod) {
    called();
    if (pods.containsKey(pod.getMetadata().getName())) {
      return;
    }
    pods.put(
        pod.getMetadata().getName(),
        new PodBuilder(pod).editMetadata().withUid("pod-" + ++count).endMetadata().build());
    made.add(pod);
  }

  @Override
  public void deletePod(String name) {
    called();
    if (pods.remove(name) != null && !name.endsWith("-look")) {
      startPod(name.substring(0, name.length() - 2));
    }
  }

  @Override
  public String log(String pod, String container) {
    called();
    return failing.filter(container::equals).isPresent() ? log : "  working\n";
  }
}
