package io.pgbackup.postgres.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.config.PgBackupConfig.ServerTls;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SqlFailuresTest {
  private final SqlFailures overTcp = new SqlFailures(config("db1"));
  private final SqlFailures overSocket = new SqlFailures(config("/run/postgresql"));

  @Test
  void namesServerUserAndTheTrueReasonOnOneLine() {
    SQLException e =
        new SQLException("The connection attempt failed.", "08001", new IOException("no route"));

    Problem problem = overTcp.connecting(e);

    assertThat(problem).isInstanceOf(Problem.PostgresFailed.class);
    assertThat(problem.message())
        .isEqualTo(
            "cannot connect to PostgreSQL at db1:5433 as user backup, database postgres:"
                + " The connection attempt failed: no route");
  }

  @Test
  void namesTheSocketFileOfALocalServer() {
    assertThat(overSocket.connecting(new SQLException("x", "08001")).message())
        .contains("/run/postgresql/.s.PGSQL.5433");
  }

  @ParameterizedTest
  @CsvSource({
    "28P01, postgres.passwordFile",
    "28000, pg_hba.conf",
    "3D000, postgres.database",
    "53300, max_connections",
    "57P03, starting",
    "08001, postgres.sslMode",
  })
  void theHintSaysWhatToChangeForAConnection(String state, String word) {
    assertThat(overTcp.connecting(new SQLException("x", state)).hint().orElseThrow())
        .contains(word);
  }

  @ParameterizedTest
  @CsvSource({"42501, pg_monitor", "55000, wal_level", "57P01, stopped", "XX000, log"})
  void theHintSaysWhatToChangeForAQuestion(String state, String word) {
    assertThat(overTcp.asking("start a base backup", new SQLException("x", state)).hint().get())
        .contains(word);
  }

  @Test
  void anExceptionWithoutStateOrMessageStillMakesAProblem() {
    assertThat(overTcp.asking("tell the time", new SQLException()).message())
        .contains("failed to tell the time");
  }

  private static PostgresConfig config(String host) {
    return new PostgresConfig(
        host,
        5433,
        "backup",
        "postgres",
        Optional.empty(),
        new ServerTls("prefer", Optional.empty(), Optional.empty()),
        Path.of("/data"));
  }
}
