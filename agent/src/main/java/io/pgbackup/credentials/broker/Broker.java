package io.pgbackup.credentials.broker;

import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.credentials.policy.ClusterScope;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.lineage.ClusterId;
import java.time.Duration;
import java.util.Optional;

/// Whoever holds the parent credential of one store and derives credentials from it. One
/// implementation for each kind of store. All failures are [io.pgbackup.problem.PgBackupException];
/// their texts show no secret.
///
/// Thread-safe; calls block.
public interface Broker extends AutoCloseable {
  /// Whose credentials are meant: a cluster and the folder that the inventory gives it; no caller
  /// supplies a folder of its own.
  record Holder(ClusterId cluster, ClusterScope scope) {}

  /// Prepares the cluster's parent, where the store needs one. Safe to repeat.
  void bootstrap(Holder holder);

  /// A new credential; those issued before stay as they are.
  ///
  /// @param timeToLive empty for what suits the role and the store
  CredentialDocument issue(Holder holder, Role role, Optional<Duration> timeToLive);

  /// Ends what was issued to the cluster before now, at once.
  ///
  /// @param role empty for all of them
  /// @throws io.pgbackup.problem.PgBackupException `Refused` where this kind of store cannot end
  ///   them so exactly; the hint says what can be done there
  void revoke(Holder holder, Optional<Role> role);

  /// Whether the store refuses it although its time is not over: somebody ended it, or its parent.
  /// False where that cannot be found out now. Costs a request.
  default boolean hasEnded(CredentialDocument credential) {
    return false;
  }

  @Override
  void close();
}
