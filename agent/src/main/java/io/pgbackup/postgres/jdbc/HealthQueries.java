package io.pgbackup.postgres.jdbc;

import io.pgbackup.postgres.jdbc.ServerHealth.Slot;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/// The questions of [ServerHealth]; each answers one row at least.
final class HealthQueries {
  static final String SETTINGS =
      """
      SELECT name, setting FROM pg_settings WHERE name IN ('wal_level', 'fsync', 'full_page_writes',
        'data_checksums', 'max_slot_wal_keep_size')
      """;

  static final String RIGHTS =
      """
      SELECT NULL AS missing
      UNION ALL SELECT proname FROM pg_proc
        WHERE pronamespace = 'pg_catalog'::regnamespace AND proname IN ('pg_switch_wal',
          'pg_start_backup', 'pg_stop_backup', 'pg_backup_start', 'pg_backup_stop',
          'pg_logical_emit_message', 'pg_ls_archive_statusdir')
          AND NOT has_function_privilege(oid, 'EXECUTE')
      UNION SELECT 'pg_monitor' WHERE NOT pg_has_role('pg_monitor', 'USAGE')
      """;

  static final String SLOTS =
      """
      SELECT NULL AS name, false AS active, NULL::bigint AS retained
      UNION ALL SELECT slot_name, active, pg_wal_lsn_diff(
          CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
          restart_lsn)::bigint
        FROM pg_replication_slots
      """;

  static final String TABLESPACES =
      """
      SELECT NULL AS name, '' AS location
      UNION ALL SELECT spcname, pg_tablespace_location(oid) FROM pg_tablespace
        WHERE pg_tablespace_location(oid) <> ''
      """;

  private HealthQueries() {}

  static Map<String, String> settings(ResultSet rows) throws SQLException {
    Map<String, String> settings = new HashMap<>();
    do {
      settings.put(rows.getString(1), rows.getString(2));
    } while (rows.next());
    return settings;
  }

  // The first row of these is empty, so that there is one.

  static List<String> rights(ResultSet rows) throws SQLException {
    List<String> missing = new ArrayList<>();
    do {
      String name = rows.getString(1);
      if (name != null) {
        missing.add(name);
      }
    } while (rows.next());
    return missing.stream().sorted().toList();
  }

  static List<Slot> slots(ResultSet rows) throws SQLException {
    List<Slot> slots = new ArrayList<>();
    while (rows.next()) {
      long retained = rows.getLong("retained");
      slots.add(
          new Slot(
              rows.getString("name"),
              rows.getBoolean("active"),
              rows.wasNull() ? OptionalLong.empty() : OptionalLong.of(retained)));
    }
    return slots;
  }

  static Map<String, Path> tablespaces(ResultSet rows) throws SQLException {
    Map<String, Path> tablespaces = new HashMap<>();
    while (rows.next()) {
      tablespaces.put(rows.getString("name"), Path.of(rows.getString("location")));
    }
    return tablespaces;
  }
}
