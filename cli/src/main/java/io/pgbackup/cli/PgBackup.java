package io.pgbackup.cli;

import io.pgbackup.cli.command.CommandLines;
import io.pgbackup.cli.command.Surroundings;
import io.pgbackup.cli.wal.WalCommand;
import java.util.List;

/// The program `pgbackup`.
public final class PgBackup {
  private PgBackup() {}

  public static void main(String[] arguments) {
    System.exit(
        WalCommand.run(List.of(arguments), System.getenv(), System.out, System.err)
            .orElseGet(() -> CommandLines.create(Surroundings.ofThisProcess()).execute(arguments)));
  }
}
