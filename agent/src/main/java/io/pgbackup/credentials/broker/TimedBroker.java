package io.pgbackup.credentials.broker;

import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.credentials.policy.Role;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/// Issues for as long as the configuration says, where nobody says otherwise. Thread-safe.
public final class TimedBroker implements Broker {
  private final Broker broker;
  private final Map<Role, Duration> times;

  /// @param times of the roles that have one; the others live as long as suits role and store
  public TimedBroker(Broker broker, Map<Role, Duration> times) {
    this.broker = broker;
    this.times = Map.copyOf(times);
  }

  @Override
  public void bootstrap(Holder holder) {
    broker.bootstrap(holder);
  }

  @Override
  public CredentialDocument issue(Holder holder, Role role, Optional<Duration> timeToLive) {
    return broker.issue(holder, role, timeToLive.or(() -> Optional.ofNullable(times.get(role))));
  }

  @Override
  public void revoke(Holder holder, Optional<Role> role) {
    broker.revoke(holder, role);
  }

  @Override
  public boolean hasEnded(CredentialDocument credential) {
    return broker.hasEnded(credential);
  }

  @Override
  public void close() {
    broker.close();
  }
}
