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

  /// @param credentials empty for a store that needs none
  CredentialWatch(Optional<StoreCredentials> credentials, Problems problems) {
    this.credentials = credentials;
    this.problems = problems;
  }

  Duration look() {
    credentials
        .flatMap(used -> used.state().problem())
        .ifPresentOrElse(
            problem -> problems.report(Problems.About.CREDENTIAL, problem),
            () -> problems.clear(Problems.About.CREDENTIAL));
    return INTERVAL;
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
