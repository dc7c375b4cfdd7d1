package io.pgbackup.postgres.wal;

import io.pgbackup.postgres.Lsn;

/// A CREATE TABLESPACE record (tablespace.h, `xl_tblspc_create_rec`). Who replays it makes a link
/// to that very directory and writes there, wherever the data directory lies.
///
/// @param start of the record
/// @param oid the tablespace's number
/// @param location as it was given; empty for one inside the data directory
public record NewTablespace(Lsn start, String oid, String location) {}
