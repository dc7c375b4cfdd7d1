package io.pgbackup.kubernetes.restore;

import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetOrdinals;
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

  /// Under these names the API server notes who wrote the fields: Argo CD before its third version
  /// leaves nothing else but a label that Helm gives too.
  private static final Map<String, String> WRITERS =
      Map.of(
          "argocd-controller", "Argo CD",
          "argocd-application-controller", "Argo CD",
          "kustomize-controller", "Flux",
          "helm-controller", "Flux");

  /// That an empty volume of every ordinal but 0 fills itself from ordinal 0, which is the primary.
  static final String STANDBYS = "pgbackup.io/standbys";

  static final String MADE_FROM_PRIMARY = "made-from-primary";

  private Refusals() {}

  /// @param replicas that it has while nobody restores
  /// @param forced whether the person says that nobody will scale the StatefulSet meanwhile
  /// @throws io.pgbackup.problem.PgBackupException `Refused`, with the remedy
  static void check(StatefulSet set, int replicas, boolean forced) {
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
    int first = first(set);
    if (first != 0) {
      throw Problem.refused(
              "the StatefulSet %s counts its pods from %d (spec.ordinals.start), and the primary is to be number 0"
                  .formatted(name, first),
              "Restore with --target-dir, or clone it.")
          .asException();
    }
    checkReplicas(set, replicas);
  }

  /// @throws io.pgbackup.problem.PgBackupException `Refused` if nobody says how standbys come to be
  static void checkReplicas(StatefulSet set, int replicas) {
    ObjectMeta meta = set.getMetadata();
    if (replicas > 1 && !makesStandbys(set)) {
      throw Problem.refused(
              "the StatefulSet %s/%s has %d replicas, and does not say how its standbys are made"
                  .formatted(meta.getNamespace(), meta.getName(), replicas),
              """
              If ordinal 0 is its primary, and an empty volume of any other fills itself from that, say so: \
              'kubectl -n %s annotate statefulset %s %s=%s'. Otherwise scale it to 1, restore, delete \
              the volume claims of the others, and make them anew yourself."""
                  .formatted(meta.getNamespace(), meta.getName(), STANDBYS, MADE_FROM_PRIMARY))
          .asException();
    }
  }

  /// Whether an empty volume of any other ordinal fills itself from ordinal 0.
  static boolean makesStandbys(StatefulSet set) {
    return Optional.ofNullable(set.getMetadata().getAnnotations())
        .map(all -> all.get(STANDBYS))
        .filter(MADE_FROM_PRIMARY::equals)
        .isPresent();
  }

  /// @param before replicas when the question was answered, which named the claims that go
  /// @throws io.pgbackup.problem.PgBackupException `Refused` if more claims would go than it named
  static void checkScaled(StatefulSetName name, int before, int now) {
    if (now > Math.max(before, 1)) {
      throw Problem.refused(
              "the StatefulSet %s was scaled from %d to %d replicas meanwhile"
                  .formatted(name, before, now),
              "Give the same command again: it names the volume claims that go, and goes on.")
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

  private static int first(StatefulSet set) {
    return Optional.ofNullable(set.getSpec().getOrdinals())
        .map(StatefulSetOrdinals::getStart)
        .orElse(0);
  }

  private static String whenScaled(StatefulSet set) {
    return Optional.ofNullable(set.getSpec().getPersistentVolumeClaimRetentionPolicy())
        .map(StatefulSetPersistentVolumeClaimRetentionPolicy::getWhenScaled)
        .orElse("Retain");
  }

  private static Optional<String> operator(ObjectMeta meta) {
    return Stream.concat(byKeys(meta), byWriters(meta)).findFirst();
  }

  private static Stream<String> byWriters(ObjectMeta meta) {
    return meta.getManagedFields().stream()
        .map(ManagedFieldsEntry::getManager)
        .flatMap(manager -> Optional.ofNullable(manager).map(WRITERS::get).stream());
  }

  private static Stream<String> byKeys(ObjectMeta meta) {
    return Stream.of(meta.getAnnotations(), meta.getLabels())
        .flatMap(keys -> Optional.ofNullable(keys).map(Map::keySet).stream())
        .flatMap(Set::stream)
        .flatMap(
            key ->
                OPERATORS.entrySet().stream()
                    .filter(known -> key.startsWith(known.getKey()))
                    .map(Map.Entry::getValue));
  }
}
