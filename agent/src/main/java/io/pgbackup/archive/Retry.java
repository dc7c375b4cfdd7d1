package io.pgbackup.archive;

import io.pgbackup.problem.NextAttempt;
import io.pgbackup.problem.PgBackupException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.Supplier;

/// Tries again what may pass, for so long that a short outage goes unnoticed, and not so long that
/// PostgreSQL waits for an answer that does not come.
///
/// @param window no attempt begins later than this after the first
/// @param pause before the second attempt; doubles with each, up to 5 seconds
public record Retry(Duration window, Duration pause) {
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  /// For no longer than this.
  Retry within(Duration limit) {
    return new Retry(window.compareTo(limit) < 0 ? window : limit, pause);
  }

  <T> T call(InstantSource clock, Supplier<T> attempt) {
    Instant end = clock.instant().plus(window);
    for (Duration next = pause; ; next = next.multipliedBy(2)) {
      try {
        return attempt.get();
      } catch (PgBackupException e) {
        Duration wait = next.compareTo(LONGEST_PAUSE) < 0 ? next : LONGEST_PAUSE;
        if (!e.problem().retryMayHelp() || clock.instant().plus(wait).isAfter(end)) {
          throw e;
        }
        NextAttempt.after(wait, e);
      }
    }
  }
}
