package io.pgbackup.restore;

import io.pgbackup.lineage.IdentityFile;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/// A data directory whose server follows an archive by its `restore_command` and streams from
/// nobody. PostgreSQL cares for the signal file's name alone, so its content tells those that we
/// made from standbys of a primary, which are none of ours to promote.
public final class Standby {
  static final String SIGNAL = "standby.signal";
  static final String MARK =
      "pgbackup: follows an archive, and is promoted by 'pgbackup bootstrap'\n";

  private Standby() {}

  /// The lineage that it followed, where its promotion was cut off and [#isIn] is true no more. An
  /// identity lies beside the directory all the while; other restores into a new directory write it
  /// last, and theirs only has to be ended too.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `Refused` if its journal cannot be read
  public static Optional<LineageUid> halfPromotedFrom(Path dataDirectory) {
    if (IdentityFile.beside(dataDirectory).read().isEmpty()) {
      return Optional.empty();
    }
    return RestoreJournal.read(RestorePaths.of(dataDirectory).journal())
        .filter(journal -> !journal.finished())
        .filter(journal -> journal.destination() instanceof RestoreDestination.NewDirectory)
        .map(journal -> journal.plan().lineage().uid());
  }

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
