package io.pgbackup.kubernetes.restore;

import io.fabric8.kubernetes.api.model.Pod;
import io.pgbackup.problem.Problem;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/// Waiting for Kubernetes, with one look a second.
///
/// @param beat done before each pause: a lease that is held is renewed
record Waiting(Pause pause, Runnable beat) {
  static final String AGAIN = "Give the same command again: it goes on where it stopped.";

  /// How long a pod may take to come or to go.
  static final Duration POD = Duration.ofMinutes(10);

  private static final Duration POLL = Duration.ofSeconds(1);

  /// How it waits; tests do not.
  interface Pause {
    void pause(Duration duration) throws InterruptedException;
  }

  /// Where no lease is held.
  Waiting(Pause pause) {
    this(pause, () -> {});
  }

  /// @param what that it waits for, as a person would say it
  /// @throws io.pgbackup.problem.PgBackupException `TimedOut`
  void until(String what, Duration patience, BooleanSupplier holds) {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!holds.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw Problem.timedOut(
                "waited %d minutes for %s".formatted(patience.toMinutes(), what), AGAIN)
            .asException();
      }
      turn();
    }
  }

  /// Deletes a pod and waits until it is gone, or another one of its name stands there.
  void removal(PodApi api, String pod) {
    Optional<String> uid = uid(api, pod);
    if (uid.isPresent()) {
      api.deletePod(pod);
      until("pod %s to go".formatted(pod), POD, () -> !uid(api, pod).equals(uid));
    }
  }

  private static Optional<String> uid(PodApi api, String pod) {
    return api.pod(pod).map(Pod::getMetadata).map(meta -> meta.getUid());
  }

  /// From one look to the next.
  void turn() {
    beat.run();
    try {
      pause.pause(POLL);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Problem.timedOut("interrupted", AGAIN).causedBy(e);
    }
  }
}
