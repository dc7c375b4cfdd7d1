package io.pgbackup.restore;

import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;

/// What a restored server is called from now on.
record NewLineage(ClusterId cluster, LineageUid uid) {}
