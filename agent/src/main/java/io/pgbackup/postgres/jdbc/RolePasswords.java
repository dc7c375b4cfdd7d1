package io.pgbackup.postgres.jdbc;

import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.secret.SecretFile;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.postgresql.PGConnection;
import org.postgresql.PGProperty;

/// Gives roles their passwords. The server is sent a SCRAM verifier and never the password, so that
/// none of its logs can hold it.
public final class RolePasswords {
  /// The password was right: these are only asked for afterwards.
  private static final Set<String> BEHIND_THE_PASSWORD = Set.of("42501", "53300");

  /// Why a role cannot log in with a password, whichever that is.
  public enum Fault {
    MISSING,
    NO_LOGIN,
    EXPIRED
  }

  private RolePasswords() {}

  /// What speaks against a login of these roles; empty where nothing does.
  ///
  /// @param config as anybody, without a password
  /// @throws io.pgbackup.problem.PgBackupException `PostgresFailed`
  public static SortedMap<String, Fault> faults(PostgresConfig config, Set<String> roles) {
    SortedMap<String, Fault> faults = new TreeMap<>();
    roles.forEach(role -> faults.put(role, Fault.MISSING));
    try (SqlSession session = SqlSession.connect(config)) {
      for (List<String> row :
          session.rows(
              "SELECT rolname, rolcanlogin::text, (rolvaliduntil <= now())::text FROM pg_roles")) {
        Optional<Fault> fault = fault(row.get(1).equals("true"), row.get(2).equals("true"));
        faults.computeIfPresent(row.getFirst(), (_, _) -> fault.orElse(null));
      }
    }
    return faults;
  }

  private static Optional<Fault> fault(boolean mayLogIn, boolean expired) {
    if (!mayLogIn) {
      return Optional.of(Fault.NO_LOGIN);
    }
    return expired ? Optional.of(Fault.EXPIRED) : Optional.empty();
  }

  /// @param config as a superuser or the role itself, without a password
  /// @throws io.pgbackup.problem.PgBackupException `PostgresFailed`, without the password
  public static void set(PostgresConfig config, String role, Path file) {
    char[] password = SecretFile.line(file, "password file").toCharArray();
    ConnectionSettings settings = new ConnectionSettings(config);
    SqlFailures failures = new SqlFailures(config);
    Properties properties = settings.properties();
    // which may stand in the role or the database
    PGProperty.OPTIONS.set(properties, "-c default_transaction_read_only=off");
    try (Connection connection = DriverManager.getConnection(settings.url(), properties)) {
      connection.unwrap(PGConnection.class).alterUserPassword(role, password, "scram-sha-256");
    } catch (SQLException e) {
      throw failures.asking("set the password of role " + role, e).causedBy(e);
    } finally {
      Arrays.fill(password, '\0');
    }
  }

  /// Logs in with the password, or is let in by it no further than to what the role may not do.
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
    ConnectionSettings settings = new ConnectionSettings(asking);
    try {
      DriverManager.getConnection(settings.url(), settings.properties()).close();
    } catch (SQLException e) {
      if (!BEHIND_THE_PASSWORD.contains(String.valueOf(e.getSQLState()))) {
        throw new SqlFailures(asking).connecting(e).causedBy(e);
      }
    }
  }
}
