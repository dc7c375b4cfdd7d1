package io.pgbackup.agent;

import io.pgbackup.credentials.CredentialState;
import io.pgbackup.credentials.StoreCredentials;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.status.StatusSnapshot;
import java.time.Duration;
import java.util.Optional;

/// Looks at the store's credential again and again, so that what is wrong with it is told before a
/// request fails, and what is right with it again as well.
///
/// Thread-safe.
final class CredentialWatch {
  private static final Duration INTERVAL = Duration.ofSeconds(2);

  private final Optional<StoreCredentials> credentials;
  private final Problems problems;
  private final Runnable renewed;
  private boolean expired;

  /// @param credentials empty for a store that needs none
  /// @param renewed told when one that had expired is followed by another
  CredentialWatch(Optional<StoreCredentials> credentials, Problems problems, Runnable renewed) {
    this.credentials = credentials;
    this.problems = problems;
    this.renewed = renewed;
  }

  Duration look() {
    if (hasComeBack(credentials.map(used -> used.state().expired()).orElse(false))) {
      renewed.run();
    }
    credentials
        .flatMap(used -> used.state().problem())
        .ifPresentOrElse(
            problem -> problems.report(Problems.About.CREDENTIAL, problem),
            () -> problems.clear(Problems.About.CREDENTIAL));
    return INTERVAL;
  }

  private synchronized boolean hasComeBack(boolean expiredNow) {
    boolean before = expired;
    expired = expiredNow;
    return before && !expiredNow;
  }

  /// What a person sees of it.
  Optional<StatusSnapshot.Credential> view() {
    return credentials.map(used -> view(used.state()));
  }

  private static StatusSnapshot.Credential view(CredentialState state) {
    return new StatusSnapshot.Credential(
        state.role().map(Role::word), state.issuedAt(), state.expiration(), state.expired());
  }
}
