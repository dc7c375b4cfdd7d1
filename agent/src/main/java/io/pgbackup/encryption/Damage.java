package io.pgbackup.encryption;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;

/// A key fits, and yet the object is not what was encrypted.
final class Damage {
  private Damage() {}

  static PgBackupException of(String name, String reason) {
    return problem(name, reason).asException();
  }

  static PgBackupException of(String name, String reason, Exception cause) {
    return problem(name, reason).causedBy(cause);
  }

  private static Problem problem(String name, String reason) {
    return Problem.verificationFailed(
        name + " is damaged or incomplete: " + reason,
        "Compare the object's size and time with its neighbours, or choose another backup.");
  }
}
