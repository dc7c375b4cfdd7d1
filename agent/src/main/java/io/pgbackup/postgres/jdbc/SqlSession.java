package io.pgbackup.postgres.jdbc;

import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

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

  /// How long each answer may take from now on, instead of a minute.
  public void allow(Duration patience) {
    try {
      connection.setNetworkTimeout(Runnable::run, Math.toIntExact(patience.toMillis()));
    } catch (SQLException e) {
      throw failures.asking("change the session's deadline", e).causedBy(e);
    }
  }

  /// All rows, the columns of each as text; the empty text for NULL.
  public List<List<String>> rows(String query) {
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(query)) {
      List<List<String>> rows = new ArrayList<>();
      int columns = result.getMetaData().getColumnCount();
      while (result.next()) {
        List<String> row = new ArrayList<>();
        for (int column = 1; column <= columns; column++) {
          String value = result.getString(column);
          row.add(value == null ? "" : value);
        }
        rows.add(row);
      }
      return rows;
    } catch (SQLException e) {
      throw failures.asking("answer " + query, e).causedBy(e);
    }
  }

  /// What came of a statement that is to prove something.
  ///
  /// @param holds whether it was carried out and its first row, if it gives rows at all, begins
  ///   with neither NULL nor false; no row is none that holds
  /// @param found the first value, or what the server said
  public record Answer(boolean holds, String found) {}

  /// Never fails: what the server refuses does not hold.
  public Answer prove(String sql) {
    try (Statement statement = connection.createStatement()) {
      if (!statement.execute(sql)) {
        return new Answer(true, "carried out");
      }
      try (ResultSet rows = statement.getResultSet()) {
        if (!rows.next()) {
          return new Answer(false, "no row");
        }
        String value = rows.getString(1);
        boolean isFalse =
            rows.getMetaData().getColumnTypeName(1).equals("bool") && "f".equals(value);
        return new Answer(value != null && !isFalse, value == null ? "NULL" : value);
      }
    } catch (SQLException e) {
      return new Answer(false, SqlFailures.reason(e));
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
