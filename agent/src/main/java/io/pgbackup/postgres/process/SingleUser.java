package io.pgbackup.postgres.process;

import io.pgbackup.problem.Problem;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// PostgreSQL's single-user mode: statements on a stopped data directory, as the superuser that it
/// was made with, whatever that is called.
public final class SingleUser {
  private SingleUser() {}

  /// Carries out statements, one on each line.
  ///
  /// @param start its arguments and log count as for a server
  /// @param script a file that the server's user can read
  /// @throws io.pgbackup.problem.PgBackupException `PostgresFailed` if one of them fails
  public static void run(ServerStart start, Path script, String database, Duration timeout) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "/bin/sh",
                "-c",
                "exec \"$@\" < \"$0\"",
                script.toString(),
                start.installation().program("postgres"),
                "--single",
                "-D",
                start.dataDirectory().toString(),
                "-c",
                "exit_on_error=on"));
    command.addAll(start.arguments());
    command.add(database);
    int status = Commands.runInto(start.log(), start.user().command(command), timeout);
    if (status != 0) {
      throw Problem.postgresFailed(
              ServerLog.reason(start.log()).orElse("postgres --single ended with status " + status),
              "Its log is " + start.log() + ".")
          .asException();
    }
  }
}
