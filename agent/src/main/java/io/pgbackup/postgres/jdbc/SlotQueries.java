package io.pgbackup.postgres.jdbc;

import io.pgbackup.postgres.Lsn;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import java.util.OptionalLong;

/// The questions about one replication slot; each answers one row.
final class SlotQueries {
  static final String STATE =
      """
      SELECT CASE WHEN pg_is_in_recovery() THEN coalesce(pg_last_wal_replay_lsn(), '0/0')
          ELSE pg_current_wal_lsn() END AS lsn,
        slot_name, active, restart_lsn::text AS restart_lsn, wal_status, safe_wal_size
      FROM (SELECT 1) one LEFT JOIN pg_replication_slots ON slot_name = ?
      """;

  static final String DROP_IDLE =
      """
      SELECT count(pg_drop_replication_slot(slot_name)) FROM pg_replication_slots
      WHERE slot_name = ? AND NOT active
      """;

  private SlotQueries() {}

  static SlotState state(ResultSet rows) throws SQLException {
    Lsn end = PostgresClient.lsn(rows, 1);
    if (rows.getString("slot_name") == null) {
      return new SlotState(Optional.empty(), end);
    }
    long safe = rows.getLong("safe_wal_size");
    OptionalLong safeBytes = rows.wasNull() ? OptionalLong.empty() : OptionalLong.of(safe);
    String status = rows.getString("wal_status");
    return new SlotState(
        Optional.of(
            new SlotState.Slot(
                rows.getBoolean("active"),
                Optional.ofNullable(rows.getString("restart_lsn")).map(Lsn::parse),
                status == null ? "" : status,
                safeBytes)),
        end);
  }
}
