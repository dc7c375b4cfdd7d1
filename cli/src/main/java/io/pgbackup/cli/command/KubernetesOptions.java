package io.pgbackup.cli.command;

import io.pgbackup.kubernetes.Kubernetes;
import io.pgbackup.kubernetes.restore.StatefulSetName;
import io.pgbackup.kubernetes.restore.StatefulSetRestore;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import picocli.CommandLine.Option;

/// How a verb works on a StatefulSet of the cluster that the kubeconfig names.
final class KubernetesOptions {
  @Option(
      names = "--sync-suspended",
      description = "With --statefulset: Argo CD or Flux is suspended and does not scale it back.")
  private boolean syncSuspended;

  @Option(
      names = "--takeover",
      description = "With --statefulset: whoever holds the lease of its restores is dead.")
  private boolean takeOver;

  boolean syncSuspended() {
    return syncSuspended;
  }

  boolean takeOver() {
    return takeOver;
  }

  /// What a question says of the standbys' volumes.
  static String andDelete(List<String> claims) {
    return claims.isEmpty()
        ? ""
        : ", and delete the volume claims %s of its standbys".formatted(String.join(", ", claims));
  }

  /// @param namespace the current context's if left out
  void with(
      Optional<String> namespace,
      String statefulSet,
      Surroundings surroundings,
      Consumer<String> say,
      BiConsumer<StatefulSetRestore, StatefulSetName> work) {
    try (Kubernetes kubernetes = Kubernetes.open()) {
      StatefulSetName name =
          LineageOptions.value(
              "--statefulset",
              statefulSet,
              it -> new StatefulSetName(namespace.orElseGet(kubernetes::namespace), it));
      work.accept(kubernetes.restore(name, surroundings.clock(), say), name);
    }
  }
}
