package io.pgbackup.credentials.serve;

import io.pgbackup.credentials.broker.Broker.Holder;
import io.pgbackup.credentials.broker.ClusterList;
import io.pgbackup.credentials.broker.Holders;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Reads the inventory, which walks through the bucket, once for many outputs. Thread-safe.
final class RememberedInventory implements Holders {
  private static final Duration VALID = Duration.ofMinutes(1);

  private final Supplier<ClusterList> inventory;
  private final InstantSource clock;
  private @Nullable ClusterList known;
  private Instant readAt = Instant.EPOCH;

  RememberedInventory(Supplier<ClusterList> inventory, InstantSource clock) {
    this.inventory = inventory;
    this.clock = clock;
  }

  @Override
  public Holder find(ClusterId cluster, Optional<LineageUid> uid) {
    return list().find(cluster, uid);
  }

  private synchronized ClusterList list() {
    ClusterList list = known;
    Instant now = clock.instant();
    if (list == null || readAt.plus(VALID).isBefore(now)) {
      list = inventory.get();
      known = list;
      readAt = now;
    }
    return list;
  }
}
