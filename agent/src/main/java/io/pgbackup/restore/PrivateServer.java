package io.pgbackup.restore;

import static java.util.stream.Collectors.joining;

import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.config.PgBackupConfig.ServerTls;
import io.pgbackup.postgres.ControlFile;
import io.pgbackup.postgres.process.PostgresInstallation;
import io.pgbackup.postgres.process.PostgresProcess;
import io.pgbackup.postgres.process.ServerStart;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.postgres.process.SingleUser;
import io.pgbackup.postgres.process.SocketDirectory;
import io.pgbackup.postgres.process.StopMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/// A server over a restored copy that nobody else can reach, and that reaches nobody: no TCP, no
/// archiving, no library that wants to be loaded at the start, no subscription. What the copy says
/// of itself in `postgresql.auto.conf` is lost, so it is for a copy that is thrown away.
///
/// Thread-safe as far as [#kill] goes; everything else belongs to one thread.
public final class PrivateServer implements AutoCloseable {
  /// The superuser that it gets.
  public static final String USER = "pgbackup_drill";

  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final int PORT = 5432;

  private static final String MAKE_USER =
      """
      DO $$ BEGIN CREATE ROLE %1$s; EXCEPTION WHEN duplicate_object THEN NULL; END $$
      ALTER ROLE %1$s SUPERUSER LOGIN CONNECTION LIMIT -1 VALID UNTIL 'infinity'
      ALTER ROLE %1$s RESET ALL
      """
          .formatted(USER);

  private final PostgresProcess process;
  private final ServerStart start;
  private final SocketDirectory sockets;

  private PrivateServer(PostgresProcess process, ServerStart start, SocketDirectory sockets) {
    this.process = process;
    this.start = start;
    this.sockets = sockets;
  }

  /// Prepares a copy that is cleanly shut down; [#start] starts it.
  ///
  /// @param folder for its settings and log; the server's user can enter it
  public static PrivateServer prepare(
      PostgresProcess process, PostgresInstallation installation, Path dataDirectory, Path folder)
      throws IOException {
    ServerUser user = ServerUser.ownerOf(dataDirectory);
    SocketDirectory sockets = SocketDirectory.in(folder, user);
    try {
      OwnedFiles.write(dataDirectory.resolve(RestoredSettings.AUTO_CONF), "", user);
      ControlFile control = new DataDirectory(dataDirectory).control();
      Path hba = write(folder.resolve("pg_hba.conf"), "local all " + USER + " trust\n");
      Path ident = write(folder.resolve("pg_ident.conf"), "");
      String settings =
          settings(control, installation.version().major(), hba, ident, sockets.path())
              .entrySet()
              .stream()
              .map(each -> each.getKey() + " = " + Quoting.setting(each.getValue()) + "\n")
              .collect(joining());
      Path file = write(folder.resolve("postgresql.conf"), settings);
      ServerStart start =
          new ServerStart(
              installation,
              user,
              dataDirectory,
              List.of("-c", "config_file=" + file),
              folder.resolve("server.log"));
      SingleUser.run(start, write(folder.resolve("user.sql"), MAKE_USER), "template1", PATIENCE);
      return new PrivateServer(process, start, sockets);
    } catch (IOException | RuntimeException e) {
      sockets.close();
      throw e;
    }
  }

  private static Path write(Path file, String content) throws IOException {
    Files.writeString(file, content);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
  }

  private static SequencedMap<String, String> settings(
      ControlFile control, int major, Path hba, Path ident, Path sockets) {
    SequencedMap<String, String> values = new LinkedHashMap<>();
    values.put("hba_file", hba.toString());
    values.put("ident_file", ident.toString());
    values.put("listen_addresses", "");
    values.put("port", Integer.toString(PORT));
    values.put("unix_socket_directories", sockets.toString());
    values.put("unix_socket_permissions", "0700");
    values.put("archive_mode", "off");
    values.put("shared_preload_libraries", "");
    values.put("autovacuum", "off");
    // a subscription of the copy would take over its source's slot
    values.put("max_logical_replication_workers", "0");
    if (major >= 17) {
      values.put("event_triggers", "off");
    }
    values.put(
        "max_prepared_transactions",
        Integer.toString(Math.max(100, control.floors().maxPreparedTransactions())));
    int segment = control.segmentSize().bytes() >> 20;
    values.put("min_wal_size", Math.max(80, 2 * segment) + "MB");
    values.put("max_wal_size", Math.max(1024, 2 * segment) + "MB");
    values.put("fsync", "off");
    values.put("ssl", "off");
    values.put("logging_collector", "off");
    values.put("log_destination", "stderr");
    values.put("lc_messages", "C");
    values.put("timezone", "UTC");
    values.put("cluster_name", "pgbackup drill");
    return values;
  }

  /// Returns when it accepts connections.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `PostgresFailed` or `TimedOut`, with the reason
  ///   from its log
  public void start() {
    process.start(start);
    process.awaitReady(start, PATIENCE);
  }

  /// How to connect to one of its databases.
  public PostgresConfig config(String database) {
    return new PostgresConfig(
        sockets.path().toString(),
        PORT,
        USER,
        database,
        Optional.empty(),
        ServerTls.OFF,
        start.dataDirectory());
  }

  /// Ends it at once, whoever waits for its answers; from any thread.
  public void kill() {
    process.stop(start.dataDirectory(), StopMode.IMMEDIATE, Duration.ofSeconds(30));
  }

  @Override
  public void close() {
    try {
      process.stop(start.dataDirectory(), StopMode.FAST, PATIENCE);
    } finally {
      sockets.close();
    }
  }
}
