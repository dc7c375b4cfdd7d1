package io.pgbackup.postgres.jdbc;

import io.pgbackup.postgres.Lsn;
import java.time.Instant;

/// What PostgreSQL answered when a base backup ended.
///
/// @param lsn up to where WAL must be replayed before the copy is consistent
/// @param label content of `backup_label`, to be stored as it is
/// @param tablespaceMap content of `tablespace_map`, empty without tablespaces
/// @param at after the end, by the server's clock
public record BackupStop(Lsn lsn, String label, String tablespaceMap, Instant at) {}
