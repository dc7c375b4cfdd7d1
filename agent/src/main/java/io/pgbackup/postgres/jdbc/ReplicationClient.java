package io.pgbackup.postgres.jdbc;

import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.Timeline;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Properties;
import org.postgresql.PGConnection;

/// A connection that speaks the streaming replication protocol (protocol-replication.html): whose
/// server this is, what its timelines came from, and its WAL as it is written.
///
/// Every failure is a [io.pgbackup.problem.PgBackupException] with `PostgresFailed`. Not
/// thread-safe.
public final class ReplicationClient implements AutoCloseable {
  /// A living server says something at least this often where it is asked to.
  public static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Connection connection;
  private final SqlFailures failures;
  private final Duration patience;

  private ReplicationClient(Connection connection, SqlFailures failures, Duration patience) {
    this.connection = connection;
    this.failures = failures;
    this.patience = patience;
  }

  /// @param flushed where the server's own disk ends
  public record Identity(SystemIdentifier systemIdentifier, Timeline timeline, Lsn flushed) {}

  /// Needs a role with the attribute REPLICATION, and a line for `replication` in pg_hba.conf.
  public static ReplicationClient connect(PostgresConfig config) {
    return connect(config, PATIENCE);
  }

  /// @param patience how long each side waits for a sign of life, in whole seconds. The server's
  ///   side counts whatever its own `wal_sender_timeout` is: the slot of a client whose machine
  ///   vanished is free again after it
  public static ReplicationClient connect(PostgresConfig config, Duration patience) {
    ConnectionSettings settings = new ConnectionSettings(config);
    SqlFailures failures = new SqlFailures(config);
    Properties properties = settings.properties();
    properties.setProperty("replication", "true");
    properties.setProperty("preferQueryMode", "simple");
    properties.setProperty("assumeMinServerVersion", "14");
    properties.setProperty("socketTimeout", Long.toString(patience.toSeconds()));
    properties.setProperty("options", "-c wal_sender_timeout=" + patience.toMillis());
    try {
      return new ReplicationClient(
          DriverManager.getConnection(settings.url(), properties), failures, patience);
    } catch (SQLException e) {
      throw failures.replicating(e).causedBy(e);
    }
  }

  public Identity identify() {
    return query(
        "say who it is",
        "IDENTIFY_SYSTEM",
        rows ->
            new Identity(
                SystemIdentifier.parse(rows.getString(1)),
                new Timeline(rows.getLong(2)),
                Lsn.parse(rows.getString(3))));
  }

  /// The bytes of `<timeline>.history`; timeline 1 has none.
  public byte[] history(Timeline timeline) {
    return query(
        "hand over the history of timeline " + timeline,
        "TIMELINE_HISTORY " + timeline.id(),
        rows -> rows.getBytes(2));
  }

  /// Begins to receive. Nothing else can be asked on this connection any more.
  ///
  /// @param slot physical, which keeps the WAL that was not confirmed
  /// @param start of a segment
  public WalStream start(String slot, Timeline timeline, Lsn start) {
    try {
      return new WalStream(
          connection
              .unwrap(PGConnection.class)
              .getCopyAPI()
              .copyDual(
                  "START_REPLICATION SLOT %s PHYSICAL %s TIMELINE %d"
                      .formatted(slot, start, timeline.id())),
          failures,
          start,
          patience);
    } catch (SQLException e) {
      throw failures.streaming(start, e).causedBy(e);
    }
  }

  private <T> T query(String what, String command, PostgresClient.RowReader<T> reader) {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(command)) {
      if (!rows.next()) {
        throw new SQLException("the server answered nothing");
      }
      return reader.read(rows);
    } catch (SQLException e) {
      throw failures.asking(what, e).causedBy(e);
    }
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException _) {
      // the server ends the stream when the connection breaks: nothing is left to do
    }
  }
}
