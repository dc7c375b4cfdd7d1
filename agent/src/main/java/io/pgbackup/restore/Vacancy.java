package io.pgbackup.restore;

import static java.util.stream.Collectors.joining;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Whether a data directory may be filled from an archive, by somebody who asks at every start and
/// whom nobody watches: only where nothing was, or where the same filling was cut off.
public enum Vacancy {
  /// Nothing lies there, and nothing beside it that a server or a restore left.
  EMPTY,
  /// A restore into this new directory was cut off, and goes on when it is asked for again.
  UNFINISHED,
  /// A server's data. They are never touched.
  FILLED;

  /// @throws PgBackupException `Refused` if something else lies there
  public static Vacancy of(Path dataDirectory) {
    RestorePaths paths = RestorePaths.of(dataDirectory);
    DataDirectory data = new DataDirectory(paths.dataDirectory());
    Optional<RestoreDestination> cutOff =
        RestoreJournal.read(paths.journal())
            .filter(journal -> !journal.finished())
            .map(RestoreJournal::destination);
    if (cutOff.isPresent() && cutOff.get() instanceof RestoreDestination.NewDirectory) {
      // put in place by one rename, so never in both places
      if (Files.exists(paths.staging()) && list(paths.dataDirectory()).findAny().isPresent()) {
        throw refused(
            "%s was filled by something else while a restore into it was cut off"
                .formatted(paths.dataDirectory()),
            "If those data are wanted, take the restore back with 'pgbackup undo'; if not, remove"
                + " the directory.");
      }
      return UNFINISHED;
    }
    if (data.isDataDirectory()) {
      return FILLED;
    }
    if (cutOff.isPresent()) {
      throw refused(
          "a restore in place of %s was cut off while its data were exchanged"
              .formatted(paths.dataDirectory()),
          "Finish it with the options it was begun with, or take it back with 'pgbackup undo'.");
    }
    List<Path> remains = remains(paths);
    if (!remains.isEmpty()) {
      throw refused(
          "%s is neither a data directory nor empty: there is %s"
              .formatted(
                  paths.dataDirectory(),
                  remains.stream().map(Path::toString).collect(joining(", "))),
          "Look at what it is. If nobody needs it, remove it, and the directory is filled at the"
              + " next start.");
    }
    return EMPTY;
  }

  /// What lies in the directory, and beside it under its name: the identity of data that are gone,
  /// for instance, or data that a restore or its undo put aside.
  private static List<Path> remains(RestorePaths paths) {
    Path data = paths.dataDirectory();
    String name = String.valueOf(data.getFileName());
    Stream<Path> beside =
        list(paths.parent())
            .filter(path -> String.valueOf(path.getFileName()).startsWith(name + "."))
            // a restore that was cut off before it had a journal
            .filter(path -> !path.equals(paths.workspace()) && !path.toString().endsWith(".tmp"));
    Stream<Path> inside = list(data).limit(1);
    return Stream.concat(inside, beside).sorted().toList();
  }

  private static Stream<Path> list(Path folder) {
    if (!Files.exists(folder)) {
      return Stream.empty();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.toList().stream();
    } catch (IOException e) {
      throw Problem.refused(
              "cannot look into %s: %s".formatted(folder, e.getMessage()),
              "Run the command as the server's user.")
          .causedBy(e);
    }
  }

  private static PgBackupException refused(String message, String hint) {
    return Problem.refused(message, hint).asException();
  }
}
