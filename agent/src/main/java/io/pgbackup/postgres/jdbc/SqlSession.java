package io.pgbackup.postgres.jdbc;

import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/// Plain statements on one connection, each its own transaction: what an application would do. The
/// demo writes and reads its data with it.
///
/// Every failure is a [PgBackupException] with `PostgresFailed`. Not thread-safe.
public final class SqlSession implements AutoCloseable {
  private final Connection connection;
  private final SqlFailures failures;

  private SqlSession(Connection connection, SqlFailures failures) {
    this.connection = connection;
    this.failures = failures;
  }

  public static SqlSession connect(PostgresConfig config) {
    ConnectionSettings settings = new ConnectionSettings(config);
    SqlFailures failures = new SqlFailures(config);
    try {
      return new SqlSession(
          DriverManager.getConnection(settings.url(), settings.properties()), failures);
    } catch (SQLException e) {
      throw failures.connecting(e).causedBy(e);
    }
  }

  public void execute(String sql) {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw failures.asking("carry out " + sql, e).causedBy(e);
    }
  }

  /// The first column of the first row as text; the empty text for NULL.
  public String value(String query) {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      String value = rows.next() ? rows.getString(1) : null;
      return value == null ? "" : value;
    } catch (SQLException e) {
      throw failures.asking("answer " + query, e).causedBy(e);
    }
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException _) {
      // What it did is committed; nothing is left to do.
    }
  }
}
