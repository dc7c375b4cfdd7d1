package io.pgbackup.restore;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.Timeline;
import java.time.Instant;
import java.util.Optional;

/// What recovery came to, proved by the server's log and its pg_control.
///
/// @param timeline the new one
/// @param parent the one it left
/// @param branchPoint first position that is the new timeline's
/// @param lastCommit time of the last transaction that is in the data; empty where none was
///   replayed
public record RecoveryOutcome(
    Timeline timeline, Timeline parent, Lsn branchPoint, Optional<Instant> lastCommit) {}
