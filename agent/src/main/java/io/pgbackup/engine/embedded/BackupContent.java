package io.pgbackup.engine.embedded;

import java.util.Set;
import java.util.regex.Pattern;

/// What of a data directory a base backup leaves out. PostgreSQL's own rules
/// (src/backend/backup/basebackup.c), and beyond them what must not come back by a restore: signal
/// files and the server's own log. Paths are below the data directory, without a slash at either
/// end.
final class BackupContent {
  /// Content that the server makes anew when it starts. The directories themselves must be there.
  private static final Set<String> EMPTIED_ANYWHERE =
      Set.of(
          "pg_stat_tmp",
          "pg_replslot",
          "pg_dynshmem",
          "pg_notify",
          "pg_serial",
          "pg_snapshots",
          "pg_subtrans");

  /// WAL comes from the archive; logs are no part of the database and can be large.
  private static final Set<String> EMPTIED_AT_THE_TOP = Set.of("pg_wal", "log", "pg_log");

  private static final Set<String> LEFT_OUT_ANYWHERE =
      Set.of(
          "postgresql.auto.conf.tmp",
          "current_logfiles.tmp",
          "backup_label",
          "tablespace_map",
          "backup_manifest",
          "postmaster.pid",
          "postmaster.opts",
          ".DS_Store");

  private static final Set<String> LEFT_OUT_AT_THE_TOP =
      Set.of(
          "backup_label.old",
          "tablespace_map.old",
          "recovery.signal",
          "standby.signal",
          "recovery.conf",
          // stored by itself, after everything else
          "global/pg_control");

  private static final Pattern RELATIONS =
      Pattern.compile("global|base/[0-9]+|pg_tblspc/[0-9]+/PG_[^/]+/[0-9]+");

  private BackupContent() {}

  static boolean isEmptied(String path) {
    return EMPTIED_AT_THE_TOP.contains(path) || EMPTIED_ANYWHERE.contains(name(path));
  }

  static boolean isLeftOut(String path) {
    String name = name(path);
    return LEFT_OUT_AT_THE_TOP.contains(path)
        || LEFT_OUT_ANYWHERE.contains(name)
        || name.startsWith("pgsql_tmp")
        || name.startsWith("pg_internal.init");
  }

  /// Whether a directory holds files of relations: only there do their names mean something.
  static boolean holdsRelations(String directory) {
    return RELATIONS.matcher(directory).matches();
  }

  private static String name(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }
}
