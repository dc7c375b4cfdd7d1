package io.pgbackup.verify;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import java.time.Duration;
import java.util.function.Supplier;

/// Reads again what a store broke off, and tells damage from a store that does not answer.
final class Attempts {
  private static final int MOST = 5;
  private static final Duration FIRST_PAUSE = Duration.ofMillis(200);

  private Attempts() {}

  static <T> T of(Supplier<T> reading) {
    Duration pause = FIRST_PAUSE;
    for (int attempt = 1; ; attempt++) {
      try {
        return reading.get();
      } catch (PgBackupException e) {
        if (attempt == MOST || !e.problem().retryMayHelp()) {
          throw e;
        }
      }
      try {
        Thread.sleep(pause);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw Problem.storageFailed("reading was interrupted", "Run the command again.")
            .causedBy(e);
      }
      pause = pause.multipliedBy(2);
    }
  }

  /// What is wrong with an object that was listed.
  ///
  /// @throws PgBackupException the same, where it says nothing of the object
  static Fault fault(ObjectKey key, PgBackupException failure) {
    return switch (failure.problem()) {
      case Problem.VerificationFailed damaged -> Fault.of(key.value(), damaged);
      case Problem.NotFound _ ->
          new Fault(
              key.value(),
              "was listed and is gone",
              "Something deletes what is still asked for; look at retention and lifecycle rules.");
      default -> throw failure;
    };
  }
}
