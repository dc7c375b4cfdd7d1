package io.pgbackup.restore;

import io.pgbackup.problem.Problem;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/// Where somebody wants a tablespace's files.
///
/// @param which its number, its name or the directory that it had
/// @param directory absolute and normalized
public record TablespaceMapping(String which, Path directory) {
  public TablespaceMapping {
    directory = directory.toAbsolutePath().normalize();
  }

  /// Reads `16391=/mnt/fast`, `fast=/mnt/fast` or `/old/fast=/mnt/fast`; an equals sign in the
  /// first part is written `\=`.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` if it is none of them
  public static TablespaceMapping parse(String text) {
    int equals = text.indexOf('=');
    while (equals > 0 && text.charAt(equals - 1) == '\\') {
      equals = text.indexOf('=', equals + 1);
    }
    if (equals <= 0 || !text.startsWith("/", equals + 1) || text.matches("(?s).*[\\n\\r].*")) {
      throw misconfigured(text).asException();
    }
    try {
      return new TablespaceMapping(
          text.substring(0, equals).replace("\\=", "="), Path.of(text.substring(equals + 1)));
    } catch (InvalidPathException e) {
      throw misconfigured(text).causedBy(e);
    }
  }

  /// Whether it is neither a number nor a directory.
  public boolean isByName() {
    return !which.startsWith("/") && !which.matches("[0-9]{1,10}");
  }

  private static Problem misconfigured(String text) {
    return Problem.misconfigured(
        "--tablespace " + text + " does not say which tablespace goes where",
        "Give its number, name or old directory, and an absolute path: --tablespace"
            + " 16391=/mnt/fast.");
  }
}
