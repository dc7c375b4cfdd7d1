package io.pgbackup.agent;

import java.time.Duration;
import java.time.Instant;

/// Whether a run of something is owed. However often it fell due, one pays for all; one that failed
/// is tried again, after a minute at first and then after twice as long each time, up to an hour;
/// sooner where its reason seems to be gone.
///
/// Thread-safe.
final class DueRun {
  private static final Duration FIRST_PAUSE = Duration.ofMinutes(1);
  private static final Duration LONGEST_PAUSE = Duration.ofHours(1);

  private boolean due;
  private Instant notBefore = Instant.MIN;
  private Duration pause = FIRST_PAUSE;
  private Instant sooner = Instant.MIN;

  /// It is owed from now on, if it was not already.
  synchronized void fallDue() {
    due = true;
  }

  /// The schedule came: whatever failed before, it is tried now.
  synchronized void fallDueAnew() {
    due = true;
    notBefore = Instant.MIN;
  }

  /// What kept it from coming is gone.
  synchronized void retryNow() {
    notBefore = Instant.MIN;
    pause = FIRST_PAUSE;
  }

  /// What kept it from coming seems to be gone. That may be wrong, so it does not count again
  /// within the pause that stands now.
  ///
  /// @return whether it counts
  synchronized boolean trySooner(Instant now) {
    if (now.isBefore(sooner.plus(pause))) {
      return false;
    }
    sooner = now;
    notBefore = Instant.MIN;
    return true;
  }

  synchronized boolean isOwed(Instant now) {
    return due && !now.isBefore(notBefore);
  }

  synchronized void paid() {
    due = false;
    notBefore = Instant.MIN;
    pause = FIRST_PAUSE;
  }

  /// It took too long and would again: the schedule's next time pays for this one too.
  synchronized void postponed(Instant until) {
    notBefore = until;
  }

  synchronized void failed(Instant at) {
    notBefore = at.plus(pause);
    Duration next = pause.multipliedBy(2);
    pause = next.compareTo(LONGEST_PAUSE) < 0 ? next : LONGEST_PAUSE;
  }
}
