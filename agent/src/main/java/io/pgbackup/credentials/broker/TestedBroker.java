package io.pgbackup.credentials.broker;

import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.time.Duration;
import java.util.Optional;

/// Hands out only what was tried: a credential that reaches more than its folder is ended, where
/// the store can do that, and shown to nobody. Thread-safe.
public final class TestedBroker implements Broker {
  private final Broker broker;
  private final SelfTest selfTest;

  /// @param storage where credentials are tried, whatever it says of credentials itself
  public TestedBroker(Broker broker, StorageConfig storage) {
    this.broker = broker;
    this.selfTest = new SelfTest(storage, Duration.ofSeconds(1));
  }

  @Override
  public void bootstrap(Holder holder) {
    broker.bootstrap(holder);
  }

  /// @throws PgBackupException also `VerificationFailed` if the credential reaches too far
  @Override
  public CredentialDocument issue(Holder holder, Role role, Optional<Duration> timeToLive) {
    CredentialDocument credential = broker.issue(holder, role, timeToLive);
    Optional<String> excess = selfTest.excess(credential);
    if (excess.isEmpty()) {
      return credential;
    }
    throw Problem.verificationFailed(
            "a new credential of the role %s for %s reaches %s too; it was not handed out, and %s"
                .formatted(role.word(), holder.cluster(), excess.get(), ended(holder, role)),
            "The store does not limit it as its policy says: look at what else gives its parent"
                + " rights, and do not use the store for more than one cluster until that is mended.")
        .asException();
  }

  private String ended(Holder holder, Role role) {
    try {
      broker.revoke(holder, Optional.of(role));
      return "those of this role were ended";
    } catch (PgBackupException e) {
      return "could not be ended: " + e.getMessage();
    }
  }

  @Override
  public void revoke(Holder holder, Optional<Role> role) {
    broker.revoke(holder, role);
  }

  @Override
  public boolean hasEnded(CredentialDocument credential) {
    return selfTest.isRefused(credential);
  }

  @Override
  public void close() {
    broker.close();
  }
}
