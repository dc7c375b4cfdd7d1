package io.pgbackup.postgres.wal;

import io.pgbackup.postgres.Lsn;
import java.time.Instant;

/// A COMMIT or ABORT record, also of a prepared transaction: the only records whose time recovery
/// compares with `recovery_target_time` (xlogrecovery.c, `recoveryStopsBefore`).
///
/// @param start of the record
/// @param end where the next record may begin; recovery has replayed it when it stands here
/// @param time as the server wrote it, microseconds; not monotone from one record to the next
public record TransactionEnd(Lsn start, Lsn end, Instant time) {}
