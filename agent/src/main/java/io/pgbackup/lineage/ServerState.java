package io.pgbackup.lineage;

import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegmentSize;

/// What a server says of itself when its lineage is sought.
///
/// @param history of the timeline it is on, from `pg_wal/<timeline>.history`;
///   [TimelineHistory#root] for timeline 1, or where that file is gone
/// @param inRecovery a standby: it joins a lineage but never founds one
public record ServerState(
    SystemIdentifier systemIdentifier,
    ServerVersion version,
    WalSegmentSize segmentSize,
    TimelineHistory history,
    boolean inRecovery) {}
