package io.pgbackup.catalog;

import io.pgbackup.lineage.Claim;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.store.StoreFolder;
import java.util.Optional;

/// One lineage as found in the bucket.
///
/// @param claim empty for adopted archives that WAL-G or Spilo wrote
public record Lineage(
    ClusterId cluster, LineageUid uid, StoreFolder prefix, Optional<Claim> claim) {}
