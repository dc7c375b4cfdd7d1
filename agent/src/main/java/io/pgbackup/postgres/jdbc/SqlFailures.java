package io.pgbackup.postgres.jdbc;

import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.problem.Problem;
import java.net.SocketTimeoutException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Says in the user's words what PostgreSQL or the way to it refused, by SQLSTATE (appendix A of
/// PostgreSQL's manual).
final class SqlFailures {
  /// `undefined_file`: a segment that was asked for is gone.
  static final String WAL_REMOVED = "58P01";

  private final PostgresConfig config;

  SqlFailures(PostgresConfig config) {
    this.config = config;
  }

  Problem connecting(SQLException e) {
    return Problem.postgresFailed(
        "cannot connect to PostgreSQL at " + server() + ": " + reason(e), connectHint(state(e)));
  }

  Problem asking(String what, SQLException e) {
    return Problem.postgresFailed(
        "PostgreSQL at " + server() + " failed to " + what + ": " + reason(e), askHint(state(e)));
  }

  Problem replicating(SQLException e) {
    return Problem.postgresFailed(
        "cannot connect to PostgreSQL at " + server() + " for replication: " + reason(e),
        switch (state(e)) {
          case "28000" ->
              "Give pg_hba.conf a line for the database 'replication' and this user (the word all does"
                  + " not match it), and the role its right: ALTER ROLE "
                  + config.user()
                  + " REPLICATION.";
          case "42501" -> "Grant the right: ALTER ROLE " + config.user() + " REPLICATION.";
          case "53300" -> "Raise max_wal_senders on the server.";
          default -> connectHint(state(e));
        });
  }

  /// The stream of WAL broke off, or did not begin.
  Problem streaming(Lsn position, SQLException e) {
    return Problem.postgresFailed(
        "PostgreSQL at " + server() + " does not stream WAL from " + position + ": " + reason(e),
        switch (state(e)) {
          case WAL_REMOVED -> "The server has removed that WAL; a base backup closes the gap.";
          case "55006" ->
              "Another connection holds the slot. PostgreSQL lets go of one that died within half a"
                  + " minute, and the agent goes on by itself; if this lasts, look for a second"
                  + " agent of this lineage.";
          default -> "The agent connects again by itself; see the server's log for the reason.";
        });
  }

  /// Nothing came, though a server that lives would have answered.
  Problem silent(Lsn position, Duration silence) {
    return Problem.postgresFailed(
        "PostgreSQL at %s has been silent for %d s in the stream of WAL at %s"
            .formatted(server(), silence.toSeconds(), position),
        "The connection is dead, the way to the server is cut or the server hangs; the agent"
            + " connects again by itself.");
  }

  static boolean isTimeout(SQLException e) {
    return Stream.<Throwable>iterate(e, Objects::nonNull, Throwable::getCause)
        .anyMatch(SocketTimeoutException.class::isInstance);
  }

  private String server() {
    String address =
        config.overUnixSocket()
            ? config.host() + "/.s.PGSQL." + config.port()
            : config.host() + ":" + config.port();
    return address + " as user " + config.user() + ", database " + config.database();
  }

  private String connectHint(String state) {
    return switch (state) {
      case "28P01" -> "Check postgres.user and the password in postgres.passwordFile.";
      case "28000" ->
          "Check pg_hba.conf on the server, postgres.user, postgres.sslMode,"
              + " postgres.rootCertFile and postgres.clientCertFile.";
      case "3D000" -> "Check postgres.database.";
      case "53300" -> "Raise max_connections or superuser_reserved_connections on the server.";
      case "57P03" -> "The server is starting or stopping; try again when it accepts connections.";
      default ->
          config.overUnixSocket()
              ? "Check that the server runs, that postgres.host names its unix_socket_directories"
                  + " and that this user may enter it."
              : "Check that the server runs and that postgres.host, postgres.port,"
                  + " postgres.sslMode, postgres.rootCertFile and postgres.clientCertFile fit it.";
    };
  }

  private String askHint(String state) {
    return switch (state) {
      case "42501" ->
          "Grant pg_monitor to "
              + config.user()
              + ", and EXECUTE on pg_switch_wal and on the functions that start and stop a backup.";
      case "55000" ->
          "The server is not in a state for this; see its settings wal_level and archive_mode, and"
              + " whether it is in recovery.";
      case "57P01", "57P02", "57P03" ->
          "The server was stopped or is stopping; try again when it accepts connections.";
      default -> "See the server's log for the reason.";
    };
  }

  private static String state(SQLException e) {
    @Nullable String state = e.getSQLState();
    return state == null ? "" : state;
  }

  /// One line: the server's message and, where a library wrapped the true reason, that as well.
  static String reason(SQLException e) {
    String message = oneLine(String.valueOf(e.getMessage()));
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String rootMessage = root.getMessage();
    return root == e || rootMessage == null || message.contains(oneLine(rootMessage))
        ? message
        : message + ": " + oneLine(rootMessage);
  }

  private static String oneLine(String message) {
    return message
        .lines()
        .map(line -> line.strip().replaceFirst("\\.$", ""))
        .collect(Collectors.joining("; "));
  }
}
