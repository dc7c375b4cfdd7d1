package io.pgbackup.postgres.jdbc;

import io.pgbackup.postgres.Lsn;
import java.time.Instant;

/// What PostgreSQL answered when a base backup began.
///
/// @param lsn where recovery from this backup must begin: the redo position of its checkpoint
/// @param at before the checkpoint, by the server's clock
public record BackupStart(Lsn lsn, Instant at) {}
