package io.pgbackup.credentials.broker;

import io.pgbackup.credentials.broker.Broker.Holder;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import java.util.Optional;

/// Says for which folder a cluster's credentials are. Thread-safe.
@FunctionalInterface
public interface Holders {
  /// @param uid of a lineage in the folder that is meant
  /// @throws io.pgbackup.problem.PgBackupException as [ClusterList#find]
  Holder find(ClusterId cluster, Optional<LineageUid> uid);
}
