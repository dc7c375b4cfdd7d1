package io.pgbackup.engine.embedded;

import io.pgbackup.postgres.ControlFile;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.jdbc.ServerFacts;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// Makes sure that the directory we read is that of the server we ask.
public final class DataDirectoryCheck {
  private DataDirectoryCheck() {}

  /// @param configured as this process sees it
  /// @return without symbolic links
  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` if it cannot be read, `Refused`
  ///   if it belongs to another server
  public static Path requireOf(ServerFacts facts, Path configured) throws IOException {
    try {
      Path dataDirectory = configured.toRealPath();
      SystemIdentifier found =
          ControlFile.parse(ControlFileReader.read(dataDirectory)).systemIdentifier();
      if (!found.equals(facts.systemIdentifier())) {
        throw Problem.refused(
                "%s belongs to the server with system identifier %s, but the one that answers has %s"
                    .formatted(configured, found, facts.systemIdentifier()),
                "Check postgres.dataDirectory, postgres.host and postgres.port.")
            .asException();
      }
      return dataDirectory;
    } catch (NoSuchFileException e) {
      throw Problem.misconfigured(
              configured + " is no data directory: " + e.getFile() + " does not exist",
              "Set postgres.dataDirectory to the server's data directory as the agent sees it.")
          .causedBy(e);
    } catch (AccessDeniedException e) {
      throw DataDirectoryWalk.unreadable(e.getFile(), e);
    }
  }
}
