package io.pgbackup.cli;

import io.pgbackup.cli.command.CommandLines;
import io.pgbackup.cli.command.Surroundings;
import io.pgbackup.cli.wal.WalCommand;
import java.util.List;

/// The program `pgbackup`.
public final class PgBackup {
  private PgBackup() {}

  public static void main(String[] arguments) {
    List<String> words = List.of(arguments);
    System.exit(
        WalCommand.run(words, System.getenv(), System.out, System.err)
            .orElseGet(
                () -> CommandLines.create(Surroundings.ofThisProcess(), words).execute(arguments)));
  }
}
