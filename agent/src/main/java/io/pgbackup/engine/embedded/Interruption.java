package io.pgbackup.engine.embedded;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;

/// Work that was told to stop.
final class Interruption {
  private Interruption() {}

  static PgBackupException of(String work) {
    return Problem.storageFailed(work + " was interrupted", "Run the command again.").asException();
  }
}
