package io.pgbackup.kubernetes.restore;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetStatus;
import io.pgbackup.problem.Problem;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The servers of a StatefulSet while its data are exchanged: ordinal 0 is the primary, whose
/// volume a restore works on; the others are standbys, each of which fills an empty volume from the
/// primary. So standbys of restored data are made by taking their volumes away.
///
/// @param waiting that keeps the restore's lease
/// @param say hears how it gets on
record Servers(RestoreApi api, Waiting waiting, Consumer<String> say) {
  private static final Duration STOP_PATIENCE = Duration.ofMinutes(30);
  private static final Duration START_PATIENCE = Duration.ofMinutes(30);

  /// Each copies the whole database; the primary serves meanwhile.
  private static final Duration COPY_PATIENCE = Duration.ofHours(24);

  /// The volume claims of the standbys, whether they exist or not.
  static List<String> standbyClaims(DatabasePod database, int replicas) {
    return IntStream.range(1, replicas).mapToObj(database::claim).toList();
  }

  /// Says which claims will go.
  void tell(DatabasePod database, int replicas) {
    List<String> claims = standbyClaims(database, replicas);
    if (!claims.isEmpty()) {
      say.accept("  standbys     %d, made anew from the primary".formatted(claims.size()));
      say.accept("  deletes      the volume claims %s".formatted(String.join(", ", claims)));
      say.accept("               their data are copies of the primary's; what they have beyond");
      say.accept("               the data that the primary gets is given up, and so is all of one");
      say.accept("               that was promoted");
    }
    tellLeftOver(database, replicas);
  }

  /// Names claims of higher ordinals than the StatefulSet has: a pod that comes to use them later
  /// would begin with data of before.
  void tellLeftOver(DatabasePod database, int replicas) {
    List<String> claims =
        IntStream.iterate(Math.max(replicas, 1), ordinal -> ordinal + 1)
            .mapToObj(database::claim)
            .takeWhile(claim -> api.claim(claim).isPresent())
            .toList();
    if (!claims.isEmpty()) {
      say.accept("  left over    the volume claims %s".formatted(String.join(", ", claims)));
      say.accept("               belong to no replica and keep the data of before: delete them");
      say.accept("               before you scale the StatefulSet up");
    }
  }

  /// @throws io.pgbackup.problem.PgBackupException `Refused` if a pod uses the primary's volume
  void refuseIfInUse(DatabasePod database) {
    users(List.of(database.claim())).stream()
        .findFirst()
        .ifPresent(
            pod -> {
              throw Problem.refused(
                      "pod %s uses the volume again; nothing was replaced"
                          .formatted(pod.getMetadata().getName()),
                      "Keep whatever scales the StatefulSet from it. " + Waiting.AGAIN)
                  .asException();
            });
  }

  /// Stops all of them. Ends when no pod uses the primary's volume and no standby runs.
  void stop(DatabasePod database, int replicas) {
    api.scale(0);
    waiting.until(
        "the pods that use the volume to end",
        STOP_PATIENCE,
        () -> endStandbys(database, replicas) && users(List.of(database.claim())).isEmpty());
  }

  /// Deletes the standbys' pods: an unready one holds its controller up where the primary is not
  /// ready either, and that is when people restore.
  ///
  /// @return whether they are gone
  private boolean endStandbys(DatabasePod database, int replicas) {
    String set = database.set().getMetadata().getName();
    List<String> names =
        IntStream.range(1, replicas).mapToObj(ordinal -> set + "-" + ordinal).toList();
    List<ObjectMeta> standbys =
        users(standbyClaims(database, replicas)).stream()
            .map(Pod::getMetadata)
            .filter(pod -> names.contains(pod.getName()))
            .toList();
    standbys.stream()
        .filter(pod -> pod.getDeletionTimestamp() == null)
        .forEach(pod -> api.deletePod(pod.getName()));
    return standbys.isEmpty();
  }

  /// Starts the primary alone.
  ///
  /// @param replicas that the StatefulSet had
  void start(int replicas) {
    api.scale(Math.min(replicas, 1));
    if (replicas > 0) {
      waiting.until("the server to be ready", START_PATIENCE, () -> ready() >= 1);
      say.accept("  the server is ready");
    } else {
      say.accept("  the StatefulSet had no replicas and has none now");
    }
  }

  /// Which claims the standbys have now: their uids.
  List<String> standbysNow(DatabasePod database, int replicas) {
    return standbyClaims(database, replicas).stream()
        .flatMap(claim -> api.claim(claim).stream())
        .map(claim -> claim.getMetadata().getUid())
        .toList();
  }

  /// Takes the standbys' volumes away and lets them come again. A claim that was made since is
  /// known by its uid, and stays.
  ///
  /// @param old the uids of those that go
  void makeStandbysAnew(DatabasePod database, int replicas, List<String> old) {
    List<String> claims = standbyClaims(database, replicas);
    if (!present(claims, old).isEmpty()) {
      // somebody may have scaled it up since
      api.scale(1);
      users(claims)
          .forEach(
              pod ->
                  say.accept(
                      "  waiting for pod %s, which uses a standby's volume"
                          .formatted(pod.getMetadata().getName())));
      waiting.until(
          "the pods that use the volumes of the standbys to end",
          STOP_PATIENCE,
          () -> endStandbys(database, replicas) && users(claims).isEmpty());
      waiting.until(
          "the volume claims %s to be deleted".formatted(String.join(", ", claims)),
          STOP_PATIENCE,
          () -> {
            List<PersistentVolumeClaim> left = present(claims, old);
            left.stream()
                .filter(claim -> claim.getMetadata().getDeletionTimestamp() == null)
                .forEach(api::delete);
            return left.isEmpty();
          });
    }
    api.scale(replicas);
    int[] shown = {1};
    waiting.until(
        "the standbys to be ready",
        COPY_PATIENCE,
        () -> {
          int ready = ready();
          if (ready > shown[0]) {
            say.accept("  %d of %d servers are ready".formatted(ready, replicas));
            shown[0] = ready;
          }
          return ready >= replicas;
        });
  }

  private List<PersistentVolumeClaim> present(List<String> claims, List<String> uids) {
    return claims.stream()
        .flatMap(claim -> api.claim(claim).stream())
        .filter(claim -> uids.contains(claim.getMetadata().getUid()))
        .toList();
  }

  /// The pods that use one of these claims and are not over.
  List<Pod> users(List<String> claims) {
    return api.pods().stream()
        .filter(pod -> claims.stream().anyMatch(claim -> DatabasePod.uses(pod, claim)))
        .toList();
  }

  /// As its controller says it, once that has seen the last change.
  private int ready() {
    StatefulSet set = api.statefulSet();
    return Optional.ofNullable(set.getStatus())
        .filter(status -> hasSeen(status, set.getMetadata().getGeneration()))
        .map(StatefulSetStatus::getReadyReplicas)
        .orElse(0);
  }

  private static boolean hasSeen(StatefulSetStatus status, @Nullable Long generation) {
    return generation == null
        || (status.getObservedGeneration() != null && status.getObservedGeneration() >= generation);
  }
}
