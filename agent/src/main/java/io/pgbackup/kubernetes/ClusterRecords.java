package io.pgbackup.kubernetes;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.pgbackup.kubernetes.report.ClusterRecord;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// The records that agents keep of their clusters. Nothing else is asked for: no bucket, no pod.
/// Thread-safe.
public final class ClusterRecords {
  private final KubernetesClient client;

  ClusterRecords(KubernetesClient client) {
    this.client = client;
  }

  /// @param namespace of the pods, which need not be the one in the bucket
  /// @param name of the ConfigMap
  public record Kept(String namespace, String name, ClusterRecord record) {}

  /// The Role that reading them needs, as YAML.
  public static String role(String namespace) {
    return """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata:
          name: pgbackup-view
          namespace: %s
        rules:
          - apiGroups: [""]
            resources: [configmaps]
            verbs: [list]
        """
        .formatted(namespace);
  }

  /// Ordered by namespace and name. What carries our label and is not understood is left out.
  ///
  /// @param namespace all of them if left out
  /// @throws PgBackupException `Refused` where this user may not, `TimedOut` where nobody answers
  public List<Kept> list(Optional<String> namespace) {
    try {
      return maps(namespace).stream()
          .flatMap(ClusterRecords::kept)
          .sorted(Comparator.comparing(Kept::namespace).thenComparing(Kept::name))
          .toList();
    } catch (KubernetesClientException e) {
      throw failure(namespace, e);
    }
  }

  private List<ConfigMap> maps(Optional<String> namespace) {
    Map<String, String> labels = Map.of(ClusterRecord.LABEL, ClusterRecord.LABEL_VALUE);
    return namespace.isPresent()
        ? client.configMaps().inNamespace(namespace.get()).withLabels(labels).list().getItems()
        : client.configMaps().inAnyNamespace().withLabels(labels).list().getItems();
  }

  private static Stream<Kept> kept(ConfigMap map) {
    return Optional.ofNullable(map.getData()).flatMap(ClusterRecord::parse).stream()
        .map(
            record ->
                new Kept(map.getMetadata().getNamespace(), map.getMetadata().getName(), record));
  }

  private static PgBackupException failure(
      Optional<String> namespace, KubernetesClientException cause) {
    String what =
        "cannot list the ConfigMaps of %s: "
            .formatted(namespace.map(it -> "namespace " + it).orElse("all namespaces"));
    return switch (cause.getCode()) {
      case 401, 403 ->
          Problem.refused(
                  what + "the API answered " + cause.getCode(),
                  namespace
                      .map(
                          it ->
                              "'pgbackup k8s rbac --namespace %s' prints a Role for it: pgbackup-view."
                                  .formatted(it))
                      .orElse(
                          "That needs a ClusterRole: kubectl create clusterrole pgbackup-view"
                              + " --verb list --resource configmaps. --namespace needs less."))
              .causedBy(cause);
      case 0 ->
          Problem.timedOut(
                  what + "the API of Kubernetes does not answer",
                  "See whether 'kubectl get configmaps' works.")
              .causedBy(cause);
      default ->
          Problem.timedOut(what + "the API answered " + cause.getCode(), "Try it again in a while.")
              .causedBy(cause);
    };
  }
}
