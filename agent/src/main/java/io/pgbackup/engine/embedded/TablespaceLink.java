package io.pgbackup.engine.embedded;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// A symbolic link in `pg_tblspc`.
///
/// @param oid its name, the tablespace's number
/// @param location what it points to
record TablespaceLink(String oid, Path location) {
  static final String FOLDER = "pg_tblspc";

  String path() {
    return FOLDER + "/" + oid;
  }

  /// Those that stand now. Asked right after the backup began: a tablespace that is created later
  /// comes from WAL, and its files in the backup would be in the way.
  static List<TablespaceLink> in(Path dataDirectory) throws IOException {
    List<TablespaceLink> links = new ArrayList<>();
    try (DirectoryStream<Path> entries =
        Files.newDirectoryStream(dataDirectory.resolve(FOLDER), "[0-9]*")) {
      for (Path entry : entries) {
        if (Files.isSymbolicLink(entry)) {
          try {
            links.add(
                new TablespaceLink(
                    entry.getFileName().toString(),
                    dataDirectory.resolve(FOLDER).resolve(Files.readSymbolicLink(entry))));
          } catch (NoSuchFileException _) {
            // dropped this very moment
          }
        }
      }
    }
    links.sort(Comparator.comparing(TablespaceLink::oid));
    return links;
  }
}
