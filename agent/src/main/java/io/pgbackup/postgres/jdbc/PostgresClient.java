package io.pgbackup.postgres.jdbc;

import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.crypto.Sha256;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.postgresql.PGConnection;

/// One connection to the server, with the timeouts that a database or role may have set switched
/// off, because a base backup keeps it open for hours.
///
/// Every failure is a [io.pgbackup.problem.PgBackupException] with `PostgresFailed`, or
/// `Misconfigured` for a password file that cannot be read. Not thread-safe. A connection that
/// failed is not repaired: close this one and connect anew.
public final class PostgresClient implements AutoCloseable {
  // One statement for all versions: transaction_timeout came with 17. A commit that waits for a
  // standby would stop the heartbeat when that standby is away.
  private static final String PREPARE_SESSION =
      """
      SELECT set_config(name, CASE name
          WHEN 'search_path' THEN 'pg_catalog' WHEN 'synchronous_commit' THEN 'local' ELSE '0' END,
        false)
      FROM pg_catalog.pg_settings
      WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout',
        'idle_session_timeout', 'transaction_timeout', 'search_path', 'synchronous_commit')
      """;

  private static final int CANCELS = 20;
  private static final Duration CANCEL_PAUSE = Duration.ofMillis(500);

  private final Connection connection;
  private final SqlFailures failures;

  private PostgresClient(Connection connection, SqlFailures failures) {
    this.connection = connection;
    this.failures = failures;
  }

  /// Connects over the Unix socket `<host>/.s.PGSQL.<port>` or over TCP. The password file is read
  /// at each call, so that a changed password needs no restart.
  public static PostgresClient connect(PostgresConfig config) {
    ConnectionSettings settings = new ConnectionSettings(config);
    SqlFailures failures = new SqlFailures(config);
    try {
      Connection connection = DriverManager.getConnection(settings.url(), settings.properties());
      PostgresClient client = new PostgresClient(connection, failures);
      try {
        client.query("prepare the session", PREPARE_SESSION, rows -> true);
        return client;
      } catch (RuntimeException e) {
        client.close();
        throw e;
      }
    } catch (SQLException e) {
      throw failures.connecting(e).causedBy(e);
    }
  }

  /// Asks for everything that does not change while the server runs, and for its role and timeline.
  public ServerFacts facts() {
    return query("tell its settings", FactsQueries.FACTS, FactsQueries::facts);
  }

  /// Needs the role `pg_monitor`.
  public ArchiverStats archiverStats() {
    return query("tell its archiver's state", FactsQueries.ARCHIVER, FactsQueries::archiver);
  }

  /// What makes a server hard to back up. Needs no rights but to connect.
  public ServerHealth health() {
    return new ServerHealth(
        query("tell its settings", HealthQueries.SETTINGS, HealthQueries::settings),
        query("list its replication slots", HealthQueries.SLOTS, HealthQueries::slots),
        query("tell its rights", HealthQueries.RIGHTS, HealthQueries::rights),
        query("list its tablespaces", HealthQueries.TABLESPACES, HealthQueries::tablespaces));
  }

  /// The names of all tablespaces by their number, the two that every cluster has included.
  public Map<String, String> tablespaceNames() {
    return query(
        "list its tablespaces",
        "SELECT oid::text, spcname FROM pg_tablespace",
        rows -> {
          Map<String, String> names = new HashMap<>();
          do {
            names.put(rows.getString(1), rows.getString(2));
          } while (rows.next());
          return names;
        });
  }

  /// Whether a file of `pg_wal` has this content, compared by its SHA-256.
  ///
  /// @param name of a WAL file; nothing that leads elsewhere
  /// @return empty where this role may not read the server's files: needs EXECUTE on
  ///   `pg_read_binary_file(text, bigint, bigint, boolean)`
  public Optional<Boolean> holdsWal(String name, byte[] content) {
    if (!query("tell its rights", FactsQueries.MAY_READ_FILES, rows -> rows.getBoolean(1))) {
      return Optional.empty();
    }
    // one byte more, so that a longer file is another one
    return Optional.of(
        query(
            "compare " + name,
            "SELECT coalesce(encode(sha256("
                + "pg_read_binary_file('pg_wal/' || ?, 0, ?::bigint, true)), 'hex'), '') = ?",
            rows -> rows.getBoolean(1),
            name,
            Long.toString(content.length + 1L),
            Sha256.hex(content)));
  }

  /// Our physical slot as the server knows it, and how far its WAL goes; without a slot of that
  /// name only the latter.
  public SlotState slot(String name) {
    return query("tell the state of slot " + name, SlotQueries.STATE, SlotQueries::state, name);
  }

  /// Makes a physical slot that keeps WAL from the newest checkpoint's redo position on. Needs the
  /// attribute REPLICATION.
  public void createSlot(String name) {
    query(
        "make the replication slot " + name,
        "SELECT pg_create_physical_replication_slot(?, true)",
        _ -> true,
        name);
  }

  /// Whether `pg_wal` has a file of this name. Needs the role `pg_monitor`.
  public boolean hasWal(String name) {
    return query(
        "list its WAL",
        "SELECT EXISTS (SELECT FROM pg_ls_waldir() WHERE name = ?)",
        rows -> rows.getBoolean(1),
        name);
  }

  /// Removes a slot that nobody uses, so that it keeps no WAL.
  ///
  /// @return whether there was one
  public boolean dropIdleSlot(String name) {
    return query(
        "remove the replication slot " + name,
        SlotQueries.DROP_IDLE,
        rows -> rows.getLong(1) > 0,
        name);
  }

  public Instant now() {
    return query("tell the time", "SELECT clock_timestamp()", rows -> instant(rows, 1));
  }

  /// Writes a small record *with a commit* into WAL, so that an idle server too has commits whose
  /// times bound the recovery window. Not possible in recovery.
  ///
  /// @return the position behind the record
  public Lsn heartbeat() {
    return query(
        "write a heartbeat into WAL",
        "SELECT pg_logical_emit_message(true, 'pgbackup', 'heartbeat')",
        rows -> lsn(rows, 1));
  }

  /// Commits a text into WAL, where its bytes stand as they are unless a page ends in between.
  ///
  /// @param text in ASCII
  /// @return the position behind it
  public Lsn mark(String text) {
    return query(
        "write a mark into WAL",
        "SELECT pg_logical_emit_message(true, 'pgbackup', ?::text)",
        rows -> lsn(rows, 1),
        text);
  }

  /// Ends the current segment, so that it is archived. Does nothing where the segment is still
  /// empty. Not possible in recovery.
  ///
  /// @return the position behind the last byte that was written
  public Lsn switchWal() {
    return query("switch to a new WAL segment", "SELECT pg_switch_wal()", rows -> lsn(rows, 1));
  }

  /// Begins a non-exclusive base backup with an immediate checkpoint. It ends with [#stopBackup],
  /// or unfinished when this connection closes.
  ///
  /// @param deadline how long the checkpoint may take
  /// @throws PgBackupException also `TimedOut` where this thread is interrupted: the server gives
  ///   it up then, and this connection is to be closed
  public BackupStart startBackup(String label, Duration deadline) {
    String function =
        facts().version().namesBackupStartAndStop()
            ? "pg_backup_start(label => ?, fast => true)"
            : "pg_start_backup(label => ?, fast => true, exclusive => false)";
    return within(
        deadline,
        () ->
            query(
                "start a base backup",
                "SELECT clock_timestamp(), " + function,
                rows -> new BackupStart(lsn(rows, 2), instant(rows, 1)),
                label));
  }

  /// Ends the base backup of this connection. A primary also switches to a new segment. Does not
  /// wait for the archive: that is for the caller to prove.
  ///
  /// @throws PgBackupException also `TimedOut`, as for the start
  public BackupStop stopBackup(Duration deadline) {
    String function =
        facts().version().namesBackupStartAndStop()
            ? "pg_backup_stop(wait_for_archive => false)"
            : "pg_stop_backup(exclusive => false, wait_for_archive => false)";
    return within(
        deadline,
        () ->
            query(
                "stop the base backup",
                "SELECT lsn, labelfile, spcmapfile, clock_timestamp() FROM " + function,
                rows ->
                    new BackupStop(
                        lsn(rows, 1), rows.getString(2), rows.getString(3), instant(rows, 4))));
  }

  /// Ends the session; a base backup that is not stopped ends without a trace on the server.
  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException _) {
      // The server ends what it still holds when the connection breaks: nothing is left to do.
    }
  }

  private <T> T within(Duration deadline, Callable<T> work) {
    try {
      int before = connection.getNetworkTimeout();
      connection.setNetworkTimeout(Runnable::run, Math.toIntExact(deadline.toMillis()));
      T result = interruptibly(work);
      connection.setNetworkTimeout(Runnable::run, before);
      return result;
    } catch (SQLException e) {
      throw failures.asking("change the session's deadline", e).causedBy(e);
    }
  }

  /// On a thread of its own, since whoever reads from a socket does not hear an interrupt.
  private <T> T interruptibly(Callable<T> work) {
    FutureTask<T> task = new FutureTask<>(work);
    Thread thread =
        Thread.ofPlatform()
            .name(Thread.currentThread().getName() + "-waits-for-postgres")
            .daemon()
            .start(task);
    try {
      return task.get();
    } catch (InterruptedException e) {
      cancel(thread);
      Thread.currentThread().interrupt();
      throw Problem.timedOut(
              "interrupted while PostgreSQL was at work",
              "The server was told to give it up; nothing of it is left there.")
          .causedBy(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof PgBackupException known) {
        throw known;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /// Again and again for a while: the server passes over what comes before its query does.
  private void cancel(Thread waiting) {
    try {
      for (int attempt = 0; attempt < CANCELS && waiting.isAlive(); attempt++) {
        connection.unwrap(PGConnection.class).cancelQuery();
        waiting.join(CANCEL_PAUSE);
      }
    } catch (SQLException | InterruptedException _) {
      // the end of the connection ends it too
    }
  }

  private <T> T query(String what, String sql, RowReader<T> reader, String... arguments) {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < arguments.length; i++) {
        statement.setString(i + 1, arguments[i]);
      }
      try (ResultSet rows = statement.executeQuery()) {
        if (!rows.next()) {
          throw new SQLException("the server answered nothing");
        }
        return reader.read(rows);
      }
    } catch (SQLException e) {
      throw failures.asking(what, e).causedBy(e);
    }
  }

  static Lsn lsn(ResultSet rows, int column) throws SQLException {
    return Lsn.parse(rows.getString(column));
  }

  static Instant instant(ResultSet rows, int column) throws SQLException {
    return rows.getObject(column, OffsetDateTime.class).toInstant();
  }

  /// Reads the first row; the cursor already stands on it.
  interface RowReader<T> {
    T read(ResultSet rows) throws SQLException;
  }
}
