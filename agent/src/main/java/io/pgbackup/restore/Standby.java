package io.pgbackup.restore;

import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// A data directory whose server follows an archive by its `restore_command` and streams from
/// nobody. PostgreSQL cares for the signal file's name alone, so its content tells those that we
/// made from standbys of a primary, which are none of ours to promote.
public final class Standby {
  static final String SIGNAL = "standby.signal";
  static final String MARK =
      "pgbackup: follows an archive, and is promoted by 'pgbackup bootstrap'\n";

  private Standby() {}

  /// Whether [RestoreRunner#follow] made it, and nobody promoted it since.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `Refused` if that cannot be read
  public static boolean isIn(Path dataDirectory) {
    Path signal = dataDirectory.resolve(SIGNAL);
    try {
      return Files.readString(signal).equals(MARK);
    } catch (NoSuchFileException _) {
      return false;
    } catch (IOException e) {
      throw Problem.refused(
              "cannot read %s: %s".formatted(signal, e.getMessage()),
              "Run the command as the server's user.")
          .causedBy(e);
    }
  }
}
