package io.pgbackup.restore;

import static java.util.stream.Collectors.joining;

import io.pgbackup.engine.FetchTarget;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.postgres.process.Trees;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/// The tablespaces of a restore on the disk. They are filled where they stay, so until the data
/// directory is in place what lies in them belongs to the restore. A file in each says to which:
/// while a restore waits to be resumed or undone, somebody may have given the place to another.
///
/// @param places absolute directories, by tablespace number
/// @param mark the content of that file, another one for each restore
record StagedTablespaces(Map<String, Path> places, String mark) {
  private static final String MAP = "tablespace_map";

  static StagedTablespaces of(RestoreJournal journal) {
    return new StagedTablespaces(
        journal.destination().tablespaces(),
        journal.startedAt() + " " + journal.destination().dataDirectory() + "\n");
  }

  /// Makes each place an empty one of this restore.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `Refused` if what lies in one is not ours
  void begin() throws IOException {
    for (Path place : places.values()) {
      Files.createDirectories(place);
      if (isOurs(place)) {
        removeFiles(place);
      } else if (new DataDirectory(place).entries("").isEmpty()) {
        Files.writeString(markIn(place), mark);
      } else {
        throw Problem.refused(
                place + " is not empty, and a tablespace shall go there",
                "Empty it if nobody needs what lies there, then run the same command again;"
                    + " 'pgbackup undo' gives this restore up.")
            .asException();
      }
    }
  }

  /// @throws io.pgbackup.problem.PgBackupException `Refused` if somebody else took a place
  ///   meanwhile
  void requireOurs() throws IOException {
    for (Path place : places.values()) {
      if (!isOurs(place)) {
        throw Problem.refused(
                place + " no longer holds the tablespace that this restore put there",
                "Give this restore up with 'pgbackup undo', which leaves that directory alone, and"
                    + " begin again with another place.")
            .asException();
      }
    }
  }

  boolean isOurs(Path place) throws IOException {
    try {
      return Files.readString(markIn(place)).equals(mark);
    } catch (NoSuchFileException | NotDirectoryException e) {
      return false;
    }
  }

  /// Removes what this restore put there, and nothing else.
  void clear() throws IOException {
    for (Path place : places.values()) {
      if (isOurs(place)) {
        removeFiles(place);
        Files.delete(markIn(place));
      }
    }
  }

  private static Path markIn(Path place) {
    return place.resolve(FetchTarget.MARK);
  }

  /// PostgreSQL's files lie in one directory for each version.
  private static void removeFiles(Path place) throws IOException {
    for (Path entry : new DataDirectory(place).entries("")) {
      if (String.valueOf(entry.getFileName()).startsWith("PG_")) {
        Trees.delete(entry);
      }
    }
  }

  /// From here on they are the data directory's.
  void handOver() throws IOException {
    for (Path place : places.values()) {
      if (isOurs(place)) {
        Files.delete(markIn(place));
      }
    }
  }

  /// @param dataDirectory as it was fetched
  /// @throws io.pgbackup.problem.PgBackupException `Refused` if the backup has more tablespaces
  void check(Path dataDirectory) throws IOException {
    List<String> homeless =
        read(dataDirectory).keySet().stream().filter(oid -> !places.containsKey(oid)).toList();
    if (!homeless.isEmpty()) {
      throw Problem.refused(
              "the backup has tablespaces that its sentinel does not list: "
                  + String.join(", ", homeless),
              "Discard this restore with 'pgbackup undo', and begin again with "
                  + homeless.stream()
                      .map(oid -> "--tablespace " + oid + "=DIR")
                      .collect(joining(" "))
                  + ".")
          .asException();
    }
  }

  /// Tells PostgreSQL the new places: it makes the links anew when recovery begins, from this file.
  void writeMap(Path dataDirectory, ServerUser user) throws IOException {
    Map<String, String> before = read(dataDirectory);
    if (before.isEmpty()) {
      return;
    }
    StringBuilder map = new StringBuilder();
    for (String oid : before.keySet()) {
      Path place = Objects.requireNonNull(places.get(oid), "checked before");
      map.append(oid).append(' ').append(escaped(place)).append('\n');
    }
    OwnedFiles.write(dataDirectory.resolve(MAP), map.toString(), user);
  }

  /// As PostgreSQL's do_pg_backup_start does.
  private static String escaped(Path place) {
    return place.toString().replace("\\", "\\\\");
  }

  /// WAL-G stores the file even where it is empty.
  private static Map<String, String> read(Path dataDirectory) throws IOException {
    Path map = dataDirectory.resolve(MAP);
    Map<String, String> found = new TreeMap<>();
    if (Files.exists(map)) {
      for (String line : Files.readString(map).lines().toList()) {
        int blank = line.indexOf(' ');
        if (blank > 0) {
          found.put(line.substring(0, blank), line.substring(blank + 1));
        }
      }
    }
    return found;
  }
}
