package io.pgbackup.credentials.broker;

import io.pgbackup.credentials.policy.Role;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import java.time.Duration;
import java.util.Optional;

/// One credential that is kept fresh, and where it is kept.
///
/// @param uid of a lineage in the folder that is meant, where the cluster has two
/// @param timeToLive empty for what suits the role and the store
public record RenewedOutput(
    ClusterId cluster,
    Optional<LineageUid> uid,
    Role role,
    Optional<Duration> timeToLive,
    CredentialSink sink) {
  @Override
  public String toString() {
    return "%s of %s in %s".formatted(role.word(), cluster, sink.name());
  }
}
