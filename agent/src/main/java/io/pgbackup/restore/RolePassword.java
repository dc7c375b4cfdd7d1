package io.pgbackup.restore;

import io.pgbackup.problem.Problem;
import java.nio.file.Path;

/// A password that a role of the restored server is to have: what is restored has those of its
/// time.
///
/// @param file that holds it, readable for nobody else
public record RolePassword(String role, Path file) {
  /// @param text `ROLE=FILE`; a role's name may hold an equals sign, a file's not
  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` if it is not of that form
  public static RolePassword parse(String text) {
    int equals = text.lastIndexOf('=');
    if (equals < 1 || equals == text.length() - 1) {
      throw Problem.misconfigured(
              // not repeated: it may be the password itself
              "--password does not name a role and a file",
              "Write ROLE=FILE, for example postgres=/run/secrets/postgres.")
          .asException();
    }
    return new RolePassword(text.substring(0, equals), Path.of(text.substring(equals + 1)));
  }
}
