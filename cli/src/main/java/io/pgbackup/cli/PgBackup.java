package io.pgbackup.cli;

import io.pgbackup.cli.command.CommandLines;
import io.pgbackup.cli.command.Surroundings;
import io.pgbackup.cli.wal.WalCommand;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.List;

/// The program `pgbackup`.
public final class PgBackup {
  private PgBackup() {}

  public static void main(String[] arguments) {
    int status = run(List.of(arguments), Surroundings.ofThisProcess(), System.out, System.err);
    // to exit, the JVM asks every jar for a logger; to return is quicker where no thread would be
    // waited for
    if (status != 0 || Thread.activeCount() > 1) {
      System.exit(status);
    }
  }

  /// @return the exit status
  public static int run(
      List<String> words, Surroundings surroundings, PrintStream out, PrintStream err) {
    return WalCommand.run(words, surroundings.environment(), out, err)
        .orElseGet(
            () ->
                CommandLines.create(surroundings, words)
                    .setOut(new PrintWriter(out, true, out.charset()))
                    .setErr(new PrintWriter(err, true, err.charset()))
                    .execute(words.toArray(String[]::new)));
  }
}
