package io.pgbackup.credentials.broker;

import io.pgbackup.config.AccessKeys;
import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.credentials.policy.ClusterScope;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.StoreFolder;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/// A broker in a time of its own. Away at the instants that the test says.
public final class SimulatedBroker implements Broker, InstantSource {
  public static final ClusterId ORDERS = new ClusterId("shop", "orders");

  private final Duration life;
  private final Predicate<Instant> away;
  private Instant now = Instant.parse("2026-11-21T00:00:00Z");
  private final Set<CredentialDocument> ended = new HashSet<>();
  private int issued;
  private int key = 1;

  public SimulatedBroker(Duration life, Predicate<Instant> away) {
    this.life = life;
    this.away = away;
  }

  public static Holder holder(ClusterId cluster) {
    return new Holder(
        cluster,
        new ClusterScope(
            "backups", StoreFolder.of("pgbackup/" + cluster.namespace() + "/" + cluster.name())));
  }

  static PgBackupException awayProblem() {
    return Problem.storageUnavailable("the broker is away", "Wait.").asException();
  }

  void pass(Duration time) {
    now = now.plus(time);
  }

  public int issued() {
    return issued;
  }

  /// Somebody made another static key.
  void changeKey() {
    key++;
  }

  /// Somebody ended it at the store.
  void end(CredentialDocument credential) {
    ended.add(credential);
  }

  @Override
  public boolean hasEnded(CredentialDocument credential) {
    return ended.contains(credential);
  }

  @Override
  public Instant instant() {
    return now;
  }

  @Override
  public void bootstrap(Holder holder) {}

  @Override
  public CredentialDocument issue(Holder holder, Role role, Optional<Duration> timeToLive) {
    if (away.test(now)) {
      throw awayProblem();
    }
    issued++;
    return new CredentialDocument(
        role,
        holder.scope().bucket(),
        holder.scope().folder(),
        life.isZero()
            ? new AccessKeys("id" + key, "secret" + key, Optional.empty())
            : new AccessKeys("id" + issued, "secret" + issued, Optional.of("token" + issued)),
        now,
        life.isZero() ? Optional.empty() : Optional.of(now.plus(timeToLive.orElse(life))));
  }

  @Override
  public void revoke(Holder holder, Optional<Role> role) {}

  @Override
  public void close() {}
}
