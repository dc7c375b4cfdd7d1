package io.pgbackup.cli.command;

import io.pgbackup.lineage.Identity;
import io.pgbackup.lineage.IdentityFile;
import io.pgbackup.problem.PgBackupException;
import java.nio.file.Path;
import java.util.Optional;

/// Which lineage the data on this machine are of, as a help to the person who chooses one.
final class DataHere {
  private DataHere() {}

  /// Empty where nothing says it, or where it may not be read: then only the help is missing.
  static Optional<Identity> identity(Path dataDirectory) {
    try {
      return IdentityFile.beside(dataDirectory).read();
    } catch (PgBackupException _) {
      return Optional.empty();
    }
  }
}
