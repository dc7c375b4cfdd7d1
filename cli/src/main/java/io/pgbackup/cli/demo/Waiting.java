package io.pgbackup.cli.demo;

import io.pgbackup.problem.Problem;
import java.time.Duration;
import java.time.Instant;
import java.util.function.BooleanSupplier;

/// Waits for what others do.
final class Waiting {
  private static final Duration POLL = Duration.ofMillis(200);

  private Waiting() {}

  /// @param what ends the sentence "waited for ..."
  /// @throws io.pgbackup.problem.PgBackupException `TimedOut`
  static void until(String what, Duration patience, BooleanSupplier condition) {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw Problem.timedOut(
                "waited %d s for %s".formatted(patience.toSeconds(), what),
                "Look at the logs of the demo.")
            .asException();
      }
      sleep(POLL);
    }
  }

  static void untilAfter(Instant instant) {
    until("the clock", Duration.ofSeconds(10), () -> Instant.now().isAfter(instant));
  }

  private static void sleep(Duration duration) {
    try {
      Thread.sleep(duration);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Problem.timedOut("interrupted", "Run the demo again.").causedBy(e);
    }
  }
}
