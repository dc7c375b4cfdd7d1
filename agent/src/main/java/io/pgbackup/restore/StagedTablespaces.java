package io.pgbackup.restore;

import static java.util.stream.Collectors.joining;

import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.postgres.process.Trees;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/// The tablespaces of a restore on the disk. They are filled where they stay, so until the data
/// directory is in place what lies in them belongs to the restore.
///
/// @param places absolute directories, by tablespace number
record StagedTablespaces(Map<String, Path> places) {
  private static final String MAP = "tablespace_map";

  /// Removes what an attempt left. PostgreSQL's files lie in one directory for each version; there
  /// is nothing else that could be ours.
  void clear() throws IOException {
    for (Path place : places.values()) {
      for (Path entry : new DataDirectory(place).entries("")) {
        if (String.valueOf(entry.getFileName()).startsWith("PG_")) {
          Trees.delete(entry);
        }
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
