package io.pgbackup.kubernetes.restore;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetPersistentVolumeClaimRetentionPolicy;
import io.pgbackup.problem.Problem;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// What of a StatefulSet speaks against a restore in place, before anything is touched.
final class Refusals {
  /// Whoever writes these keeps the number of replicas as it is written elsewhere.
  private static final Map<String, String> OPERATORS =
      Map.of(
          "argocd.argoproj.io/", "Argo CD",
          "kustomize.toolkit.fluxcd.io/", "Flux",
          "helm.toolkit.fluxcd.io/", "Flux");

  private Refusals() {}

  /// @param forced whether the person says that nobody will scale the StatefulSet meanwhile
  /// @throws io.pgbackup.problem.PgBackupException `Refused`, with the remedy
  static void check(StatefulSet set, boolean forced) {
    String name = set.getMetadata().getNamespace() + "/" + set.getMetadata().getName();
    Optional<String> operator = operator(set.getMetadata());
    if (!forced && operator.isPresent()) {
      throw Problem.refused(
              "%s looks after the StatefulSet %s and would scale it back during the restore"
                  .formatted(operator.get(), name),
              "Suspend its synchronization, then add --sync-suspended.")
          .asException();
    }
    if ("Delete".equals(whenScaled(set))) {
      throw Problem.refused(
              "the StatefulSet %s deletes its volume claims when it is scaled down".formatted(name),
              "Set persistentVolumeClaimRetentionPolicy.whenScaled to Retain first.")
          .asException();
    }
    int replicas = Optional.ofNullable(set.getSpec().getReplicas()).orElse(1);
    if (replicas > 1) {
      throw Problem.refused(
              "the StatefulSet %s has %d replicas, and replicas are not made anew yet"
                  .formatted(name, replicas),
              "Scale it to 1, restore, and make its replicas anew yourself.")
          .asException();
    }
  }

  /// @throws io.pgbackup.problem.PgBackupException `Refused` if no second pod may mount it
  static void check(PersistentVolumeClaim claim) {
    if (claim.getSpec().getAccessModes().contains("ReadWriteOncePod")) {
      throw Problem.refused(
              "the volume claim %s may be mounted by one pod only (ReadWriteOncePod), and the restore works beside the running server"
                  .formatted(claim.getMetadata().getName()),
              "Restore with --target-dir, or move the data to a claim that is ReadWriteOnce.")
          .asException();
    }
  }

  private static String whenScaled(StatefulSet set) {
    return Optional.ofNullable(set.getSpec().getPersistentVolumeClaimRetentionPolicy())
        .map(StatefulSetPersistentVolumeClaimRetentionPolicy::getWhenScaled)
        .orElse("Retain");
  }

  private static Optional<String> operator(ObjectMeta meta) {
    return Stream.of(meta.getAnnotations(), meta.getLabels())
        .flatMap(keys -> Optional.ofNullable(keys).map(Map::keySet).stream())
        .flatMap(Set::stream)
        .flatMap(
            key ->
                OPERATORS.entrySet().stream()
                    .filter(known -> key.startsWith(known.getKey()))
                    .map(Map.Entry::getValue))
        .findFirst();
  }
}
