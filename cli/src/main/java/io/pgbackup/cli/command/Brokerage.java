package io.pgbackup.cli.command;

import io.pgbackup.config.BrokerSettings;
import io.pgbackup.credentials.broker.Broker;
import io.pgbackup.credentials.broker.Broker.Holder;
import io.pgbackup.credentials.broker.ClusterList;
import io.pgbackup.credentials.broker.Inventory;
import io.pgbackup.credentials.open.Brokers;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.store.StoreFolder;
import java.util.List;
import java.util.Optional;

/// Who issues credentials, and to whom; tests bring their own.
interface Brokerage extends AutoCloseable {
  Broker broker();

  /// The clusters that may have credentials now.
  ClusterList clusters();

  /// The folders of a cluster's archives.
  List<StoreFolder> archives(Holder holder);

  /// Names a cluster, whether it has backups yet or not.
  Holder register(ClusterId cluster, Optional<LineageUid> uid);

  @Override
  void close();

  /// @throws io.pgbackup.problem.PgBackupException if the cluster is not in the inventory, or has
  ///   no such lineage
  default Holder holder(ClusterId cluster, Optional<LineageUid> uid) {
    return clusters().find(cluster, uid);
  }

  static Brokerage open(BrokerSettings settings) {
    Inventory inventory = Brokers.inventory(settings);
    try {
      return new Opened(Brokers.open(settings), inventory);
    } catch (RuntimeException e) {
      inventory.close();
      throw e;
    }
  }

  /// What a configuration names.
  record Opened(Broker broker, Inventory inventory) implements Brokerage {
    @Override
    public ClusterList clusters() {
      return inventory.read();
    }

    @Override
    public List<StoreFolder> archives(Holder holder) {
      return inventory.archives(holder);
    }

    @Override
    public Holder register(ClusterId cluster, Optional<LineageUid> uid) {
      return inventory.register(cluster, uid);
    }

    @Override
    public void close() {
      try (inventory) {
        broker.close();
      }
    }
  }
}
