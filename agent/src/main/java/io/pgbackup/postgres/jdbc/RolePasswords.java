package io.pgbackup.postgres.jdbc;

import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.secret.SecretFile;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Optional;
import org.postgresql.PGConnection;

/// Gives roles their passwords. The server is sent a SCRAM verifier and never the password, so that
/// none of its logs can hold it.
public final class RolePasswords {
  private RolePasswords() {}

  /// @param config as the role itself, without a password
  /// @throws io.pgbackup.problem.PgBackupException `PostgresFailed`, without the password
  public static void set(PostgresConfig config, Path file) {
    char[] password = SecretFile.line(file, "password file").toCharArray();
    ConnectionSettings settings = new ConnectionSettings(config);
    SqlFailures failures = new SqlFailures(config);
    try (Connection connection =
        DriverManager.getConnection(settings.url(), settings.properties())) {
      connection
          .unwrap(PGConnection.class)
          .alterUserPassword(config.user(), password, "scram-sha-256");
    } catch (SQLException e) {
      throw failures.asking("set the password of role " + config.user(), e).causedBy(e);
    } finally {
      Arrays.fill(password, '\0');
    }
  }

  /// Logs in with the password.
  ///
  /// @param config as the role, where the server asks for a password
  /// @throws io.pgbackup.problem.PgBackupException if it is not let in
  public static void prove(PostgresConfig config, Path file) {
    PostgresConfig asking =
        new PostgresConfig(
            config.host(),
            config.port(),
            config.user(),
            config.database(),
            Optional.of(file),
            config.tls(),
            config.dataDirectory());
    SqlSession.connect(asking).close();
  }
}
