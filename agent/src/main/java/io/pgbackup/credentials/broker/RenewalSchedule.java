package io.pgbackup.credentials.broker;

import io.pgbackup.credentials.CredentialDocument;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// When a credential is replaced by the next one: a little before half its life, so that the broker
/// may be away for the other half. Pure.
final class RenewalSchedule {
  /// What is not due is looked at again after this long: somebody may have removed or ended it.
  static final Duration LOOK = Duration.ofMinutes(5);

  private static final Duration FIRST_RETRY = Duration.ofSeconds(1);
  private static final Duration LONGEST_RETRY = Duration.ofMinutes(1);

  /// Spread over this part of its life, so that a fleet that was issued together is not renewed
  /// together.
  private static final double EARLIEST = 0.40;

  private static final double LATEST = 0.48;

  private RenewalSchedule() {}

  /// @param chance of this credential, 0 to 1, the same at each call
  /// @return empty for one that does not expire
  static Optional<Instant> due(CredentialDocument credential, double chance) {
    return credential
        .expiration()
        .map(
            end -> {
              Duration life = Duration.between(credential.issuedAt(), end);
              double share = EARLIEST + (LATEST - EARLIEST) * chance;
              return credential.issuedAt().plusMillis(Math.round(life.toMillis() * share));
            });
  }

  /// How long to wait until the next look.
  static Duration untilNextLook(Optional<Instant> due, Instant now) {
    return due.map(at -> Duration.between(now, at))
        .filter(wait -> wait.compareTo(LOOK) < 0)
        .map(wait -> wait.isNegative() ? Duration.ZERO : wait)
        .orElse(LOOK);
  }

  /// How long to wait after a failure: longer each time, but never longer than a quarter of what
  /// the credential that is in use has left, so that an attempt always falls before its end.
  ///
  /// @param failures in a row, at least 1
  static Duration retry(int failures, Optional<Instant> expiration, Instant now) {
    Duration backoff =
        least(FIRST_RETRY.multipliedBy(1L << Math.min(failures - 1, 10)), LONGEST_RETRY);
    Duration wait =
        expiration
            .map(end -> Duration.between(now, end))
            .filter(Duration::isPositive)
            .map(left -> least(left.dividedBy(4), backoff))
            .orElse(backoff);
    return wait.compareTo(FIRST_RETRY) < 0 ? FIRST_RETRY : wait;
  }

  private static Duration least(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }
}
