package io.pgbackup.cli;

import io.pgbackup.cli.command.CommandLines;
import io.pgbackup.cli.command.Surroundings;

/// The program `pgbackup`.
public final class PgBackup {
  private PgBackup() {}

  public static void main(String[] arguments) {
    System.exit(CommandLines.create(Surroundings.ofThisProcess()).execute(arguments));
  }
}
