package io.pgbackup.problem;

import java.time.Duration;

/// The rest before another attempt. Stateless.
public final class NextAttempt {
  private NextAttempt() {}

  /// @param reason why there has to be one
  /// @throws PgBackupException `reason` if the thread is interrupted, which stays so
  public static void after(Duration pause, PgBackupException reason) {
    try {
      Thread.sleep(pause);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw reason;
    }
  }
}
