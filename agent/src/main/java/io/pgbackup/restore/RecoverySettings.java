package io.pgbackup.restore;

import static java.util.stream.Collectors.joining;

import io.pgbackup.postgres.ControlFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;

/// The configuration of the server that recovers: nobody but its own user reaches it, nobody reads
/// before the target is reached, and nothing of the restored configuration counts.
record RecoverySettings(
    RestorePlan plan,
    ControlFile control,
    Path sockets,
    String restoreCommand,
    Path hbaFile,
    Path identFile) {
  /// As PostgreSQL reads it (timestamptz), to the microsecond.
  private static final DateTimeFormatter TARGET_TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSSSSS'+00'", Locale.ROOT);

  /// The database where a role must give its password; every server has it.
  static final String ASKING = "template1";

  private static final String SETTINGS = "postgresql.conf";
  private static final String HBA = "pg_hba.conf";
  private static final String IDENT = "pg_ident.conf";

  /// Writes the files, for the server's user to read.
  ///
  /// @return the configuration file
  static Path write(
      Path folder, RestorePlan plan, ControlFile control, Path sockets, String restoreCommand)
      throws IOException {
    Files.createDirectories(folder);
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    RecoverySettings settings =
        new RecoverySettings(
            plan, control, sockets, restoreCommand, folder.resolve(HBA), folder.resolve(IDENT));
    // whoever has the socket may do all; one database asks, so that a password can be proved
    write(
        settings.hbaFile(), "local %s all scram-sha-256\nlocal all all trust\n".formatted(ASKING));
    write(settings.identFile(), "");
    return write(folder.resolve(SETTINGS), settings.text());
  }

  private static Path write(Path file, String content) throws IOException {
    Files.writeString(file, content);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
  }

  String text() {
    return values().entrySet().stream()
        .map(setting -> setting.getKey() + " = " + Quoting.setting(setting.getValue()) + "\n")
        .collect(joining("", "# Written by pgbackup for one recovery.\n", ""));
  }

  private Map<String, String> values() {
    SequencedMap<String, String> values = new LinkedHashMap<>();
    values.put("hba_file", hbaFile.toString());
    values.put("ident_file", identFile.toString());
    values.put("listen_addresses", "");
    values.put("port", "5432");
    values.put("unix_socket_directories", sockets.toString());
    values.put("unix_socket_permissions", "0700");
    values.put("hot_standby", "off");
    values.put("restore_command", restoreCommand);
    values.put("recovery_target_timeline", Long.toString(plan.timeline().id()));
    switch (plan.target()) {
      case RecoveryTarget.AtTime(Instant instant) -> {
        values.put(
            "recovery_target_time",
            TARGET_TIME.format(LocalDateTime.ofInstant(instant, ZoneOffset.UTC)));
        values.put("recovery_target_inclusive", "on");
        values.put("recovery_target_action", "promote");
      }
      case RecoveryTarget.Latest() -> {}
    }
    // Held, not off: the new timeline's history and first segments stay ready to be archived. An
    // empty command holds them too, but without three failed attempts at each stop.
    values.put("archive_mode", "on");
    values.put("archive_command", "");
    values.put("wal_level", "replica");
    // Off, the end of recovery removes what the source remembered; a server that has it off removes
    // them itself. pg_control is no guide: the source may have changed it after the backup.
    values.put("track_commit_timestamp", "on");
    floors(values);
    segments(values);
    values.put("autovacuum", "off");
    values.put("shared_preload_libraries", "");
    values.put("ssl", "off");
    values.put("logging_collector", "off");
    values.put("log_destination", "stderr");
    values.put("log_line_prefix", "%m [%p] ");
    values.put("log_timezone", "UTC");
    values.put("timezone", "UTC");
    values.put("lc_messages", "C");
    values.put("cluster_name", "pgbackup restore");
    return values;
  }

  /// With less than the source had, recovery can fail half way. Prepared transactions get room to
  /// spare: the source may have raised its limit after the backup.
  private void floors(Map<String, String> values) {
    ControlFile.Floors floors = control.floors();
    put(values, "max_connections", floors.maxConnections(), 20);
    put(values, "max_worker_processes", floors.maxWorkerProcesses(), 8);
    put(values, "max_wal_senders", floors.maxWalSenders(), 2);
    put(values, "max_prepared_transactions", floors.maxPreparedTransactions(), 100);
    put(values, "max_locks_per_transaction", floors.maxLocksPerTransaction(), 64);
  }

  /// The server does not start unless two segments fit into either; the defaults suffice for those
  /// of 16 MiB.
  private void segments(Map<String, String> values) {
    int segment = control.segmentSize().bytes() >> 20;
    values.put("min_wal_size", Math.max(80, 2 * segment) + "MB");
    values.put("max_wal_size", Math.max(1024, 2 * segment) + "MB");
  }

  private static void put(Map<String, String> values, String name, int floor, int least) {
    values.put(name, Integer.toString(Math.max(floor, least)));
  }
}
