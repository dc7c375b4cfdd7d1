package io.pgbackup.cli.command;

import io.pgbackup.config.AccessKeys;
import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.credentials.broker.Broker;
import io.pgbackup.credentials.broker.Broker.Holder;
import io.pgbackup.credentials.broker.ClusterList;
import io.pgbackup.credentials.broker.Inventory;
import io.pgbackup.credentials.policy.ClusterScope;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.StoreFolder;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Issues numbered credentials to shop/orders, and remembers what it was asked.
final class ScriptedBrokerage implements Brokerage, Broker {
  static final Instant NOW = Instant.parse("2026-11-21T05:00:00Z");
  private static final ClusterId ORDERS = new ClusterId("shop", "orders");

  private final List<String> asked = new ArrayList<>();
  private final boolean canRevoke;
  private final List<Inventory.Entry> folders = new ArrayList<>();
  private int issued;

  ScriptedBrokerage(boolean canRevoke) {
    this.canRevoke = canRevoke;
    folders.add(
        new Inventory.Entry(ORDERS, scope(ORDERS), List.of(new LineageUid("u-1")), false, true));
  }

  /// The cluster's archive was adopted, then restored in place.
  void addAdopted(String uid) {
    ClusterScope scope = new ClusterScope("backups", StoreFolder.of("spilo/orders"));
    folders.add(new Inventory.Entry(ORDERS, scope, List.of(new LineageUid(uid)), false, false));
  }

  List<String> asked() {
    return asked;
  }

  @Override
  public Broker broker() {
    return this;
  }

  @Override
  public ClusterList clusters() {
    return new ClusterList(
        folders,
        List.of(new ClusterList.Unusable(new ClusterId("shop", "odd"), "its folder is odd")));
  }

  @Override
  public List<StoreFolder> archives(Holder holder) {
    return List.of(holder.scope().folder().folder("u-1/18"));
  }

  @Override
  public Holder register(ClusterId cluster, Optional<LineageUid> uid) {
    asked.add("register " + cluster);
    return new Holder(cluster, scope(cluster));
  }

  private static ClusterScope scope(ClusterId cluster) {
    return new ClusterScope("backups", StoreFolder.of("pgbackup/" + cluster));
  }

  @Override
  public void bootstrap(Holder holder) {
    asked.add("bootstrap " + holder.cluster());
  }

  @Override
  public CredentialDocument issue(Holder holder, Role role, Optional<Duration> timeToLive) {
    issued++;
    asked.add("issue " + role.word() + timeToLive.map(span -> " " + span).orElse(""));
    return new CredentialDocument(
        role,
        holder.scope().bucket(),
        holder.scope().folder(),
        new AccessKeys("id" + issued, "se'cret" + issued, Optional.of("token" + issued)),
        NOW,
        Optional.of(NOW.plus(timeToLive.orElse(Duration.ofHours(12)))));
  }

  @Override
  public void revoke(Holder holder, Optional<Role> role) {
    if (!canRevoke) {
      throw Problem.refused("this store ends none", "Wait until they expire.").asException();
    }
    boolean adopted = !holder.scope().equals(scope(ORDERS));
    asked.add("revoke " + role.map(Role::word).orElse("all") + (adopted ? " of the adopted" : ""));
  }

  @Override
  public void close() {}
}
