package io.pgbackup.kubernetes.restore;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.SecretVolumeSource;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.util.Optional;
import java.util.stream.Stream;

/// What speaks against a clone, before anything is made.
final class CloneRefusals {
  private CloneRefusals() {}

  /// @throws PgBackupException `Refused` if the clone's standbys would not come to be by themselves
  static void checkReplicas(CloneOrder order, StatefulSet source) {
    if (order.replicas() > 1 && !Refusals.makesStandbys(source)) {
      throw Problem.refused(
              "the clone shall have %d replicas, and the StatefulSet %s does not say how its standbys are made"
                  .formatted(order.replicas(), source.getMetadata().getName()),
              """
              Leave --replicas out for the primary alone. The chart's says it while it has replicas; one \
              of yours by the annotation %s: %s, where an empty volume fills itself from ordinal 0."""
                  .formatted(Refusals.STANDBYS, Refusals.MADE_FROM_PRIMARY))
          .asException();
    }
  }

  /// @param theirs the source's credential
  /// @param source whose backups it writes
  /// @throws PgBackupException `Refused` if the clone would get it
  static void checkSecrets(CloneOrder order, SecretVolumeSource theirs, ClusterId source) {
    String name = theirs.getSecretName();
    String next =
        """
        Issue one that reaches the clone's folder alone: 'pgbackup credentials bootstrap --namespace \
        %1$s --cluster %2$s', then 'pgbackup credentials issue --namespace %1$s --cluster %2$s --role \
        archiver'; put it into a Secret with %3$s."""
            .formatted(source.namespace(), order.name(), AgentConfig.keys(theirs));
    if (order.secret().equals(name)) {
      throw Problem.refused(
              "the Secret %s is the source's own: with it the clone could destroy the backups of %s"
                  .formatted(name, source),
              next)
          .asException();
    }
    if (order.sourceSecret().filter(name::equals).isPresent()) {
      throw Problem.refused(
              "the Secret %s may write the backups of %s, and a clone may only read them"
                  .formatted(name, source),
              """
              Issue one that reads: 'pgbackup credentials issue --namespace %s --cluster %s --role \
              restorer'; put it into a Secret with %s."""
                  .formatted(source.namespace(), source.name(), AgentConfig.keys(theirs)))
          .asException();
    }
  }

  /// @param clone as it would be made
  /// @throws PgBackupException `Refused` if something of the source's is in it after all
  static void checkApart(StatefulSet clone, String theirSecret) {
    PodSpec spec = clone.getSpec().getTemplate().getSpec();
    Optional<Volume> shared =
        spec.getVolumes().stream()
            .filter(volume -> volume.getPersistentVolumeClaim() != null)
            .findFirst();
    if (shared.isPresent()) {
      throw Problem.refused(
              "the source's pods mount the volume claim %s, and the clone would write to it too"
                  .formatted(shared.get().getPersistentVolumeClaim().getClaimName()),
              "Clone it by the chart, with 'bootstrap' in its values and without that volume.")
          .asException();
    }
    if (mentions(spec, theirSecret)) {
      throw Problem.refused(
              "the source's pods use the Secret %s in more than one place, and the clone would too"
                  .formatted(theirSecret),
              "Clone it by the chart, with 'bootstrap' in its values.")
          .asException();
    }
  }

  private static boolean mentions(PodSpec spec, String secret) {
    Stream<String> volumes =
        spec.getVolumes().stream()
            .flatMap(
                volume ->
                    Stream.concat(
                        Stream.ofNullable(volume.getSecret())
                            .map(SecretVolumeSource::getSecretName),
                        Stream.ofNullable(volume.getProjected())
                            .flatMap(projected -> projected.getSources().stream())
                            .flatMap(source -> Stream.ofNullable(source.getSecret()))
                            .map(source -> source.getName())));
    return Stream.concat(
            volumes,
            Stream.concat(spec.getInitContainers().stream(), spec.getContainers().stream())
                .flatMap(CloneRefusals::secrets))
        .anyMatch(secret::equals);
  }

  private static Stream<String> secrets(Container container) {
    return Stream.concat(
        container.getEnv().stream()
            .flatMap(env -> Stream.ofNullable(env.getValueFrom()))
            .flatMap(from -> Stream.ofNullable(from.getSecretKeyRef()))
            .map(key -> key.getName()),
        container.getEnvFrom().stream()
            .flatMap(from -> Stream.ofNullable(from.getSecretRef()))
            .map(from -> from.getName()));
  }
}
