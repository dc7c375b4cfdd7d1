package io.pgbackup.engine.embedded;

import io.pgbackup.engine.embedded.FileFacts.Kind;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Visits what a base backup holds: the data directory depth first, names sorted, a directory
/// before its content; the content of tablespaces below `pg_tblspc/<oid>`. Other symbolic links are
/// not followed, because nobody knows what lies behind them; they and whatever is neither directory
/// nor file are shown as skipped.
///
/// The server runs meanwhile: what vanishes is passed over.
final class DataDirectoryWalk {
  private static final String WAL = "pg_wal";
  private static final String WAL_STATUS = "pg_wal/archive_status";

  private final Path dataDirectory;
  private final int major;
  private final Map<String, TablespaceLink> tablespaces;
  private final Set<Path> insideTablespaces;

  interface Visitor {
    void directory(String path, FileFacts facts);

    void file(SourceFile file) throws InterruptedException;

    /// @param reason what it is, with its article
    void skipped(String path, String reason);
  }

  /// @param major of the server: a tablespace's location can hold directories of others
  DataDirectoryWalk(Path dataDirectory, int major, List<TablespaceLink> tablespaces) {
    this.dataDirectory = dataDirectory;
    this.major = major;
    this.tablespaces =
        tablespaces.stream().collect(Collectors.toMap(TablespaceLink::path, Function.identity()));
    this.insideTablespaces =
        tablespaces.stream()
            .map(link -> link.location().normalize())
            .collect(Collectors.toUnmodifiableSet());
  }

  void walk(Visitor visitor) throws IOException, InterruptedException {
    visitor.directory("", FileFacts.of(dataDirectory));
    content("", dataDirectory, visitor);
  }

  private void content(String path, Path directory, Visitor visitor)
      throws IOException, InterruptedException {
    Set<String> names = names(directory);
    boolean relations = BackupContent.holdsRelations(path);
    for (String name : names) {
      String child = path.isEmpty() ? name : path + "/" + name;
      if (!BackupContent.isLeftOut(child)) {
        try {
          entry(child, directory.resolve(name), relations ? names : Set.of(), visitor);
        } catch (NoSuchFileException _) {
          // vanished since it was listed
        } catch (AccessDeniedException e) {
          throw unreadable(e.getFile(), e);
        }
      }
    }
  }

  private void entry(String path, Path source, Set<String> siblings, Visitor visitor)
      throws IOException, InterruptedException {
    FileFacts facts = FileFacts.of(source, LinkOption.NOFOLLOW_LINKS);
    if (BackupContent.isEmptied(path) && facts.kind() != Kind.REGULAR) {
      emptied(path, facts.asDirectory(), visitor);
      return;
    }
    switch (facts.kind()) {
      case DIRECTORY -> {
        if (!insideTablespaces.contains(source)) {
          visitor.directory(path, facts);
          content(path, source, visitor);
        }
      }
      case REGULAR -> {
        Optional<RelationFile> relation =
            siblings.isEmpty()
                ? Optional.empty()
                : RelationFile.parse(source.getFileName().toString());
        if (siblings.isEmpty() || isKept(source.getFileName().toString(), relation, siblings)) {
          visitor.file(new SourceFile(path, source, facts, relation));
        }
      }
      case LINK -> link(path, visitor);
      case SOCKET -> {
        // the server's own, made anew at each start
      }
      case OTHER -> visitor.skipped(path, "a pipe or device");
    }
  }

  /// Temporary relations die with their session, unlogged ones are emptied when recovery ends.
  private static boolean isKept(
      String name, Optional<RelationFile> relation, Set<String> siblings) {
    boolean unlogged =
        relation.isPresent()
            && !relation.get().isInitFork()
            && siblings.contains(relation.get().initForkName());
    return !unlogged && !RelationFile.isTemporary(name);
  }

  private static void emptied(String path, FileFacts facts, Visitor visitor) {
    visitor.directory(path, facts);
    if (path.equals(WAL)) {
      visitor.directory(WAL_STATUS, facts);
    }
  }

  private void link(String path, Visitor visitor) throws IOException, InterruptedException {
    TablespaceLink tablespace = tablespaces.get(path);
    if (tablespace != null) {
      tablespace(tablespace, visitor);
    } else if (!path.startsWith(TablespaceLink.FOLDER + "/")) {
      visitor.skipped(path, "a symbolic link");
    }
  }

  private void tablespace(TablespaceLink tablespace, Visitor visitor)
      throws IOException, InterruptedException {
    if (!Files.isDirectory(tablespace.location())) {
      throw Problem.misconfigured(
              "tablespace %s at %s cannot be read"
                  .formatted(tablespace.oid(), tablespace.location()),
              "The agent needs every tablespace at the same path as the server.")
          .asException();
    }
    for (String name : names(tablespace.location())) {
      Path source = tablespace.location().resolve(name);
      if (name.startsWith("PG_" + major + "_")
          && FileFacts.of(source, LinkOption.NOFOLLOW_LINKS).kind() == Kind.DIRECTORY) {
        entry(tablespace.path() + "/" + name, source, Set.of(), visitor);
      }
    }
  }

  private static Set<String> names(Path directory) throws IOException {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      entries.forEach(entry -> names.add(entry.getFileName().toString()));
    } catch (NoSuchFileException | NotDirectoryException _) {
      // a database that was dropped since its directory was listed
    } catch (AccessDeniedException e) {
      throw unreadable(directory.toString(), e);
    }
    return new TreeSet<>(names);
  }

  static RuntimeException unreadable(String file, IOException e) {
    return Problem.misconfigured(
            file + " cannot be read: permission denied",
            "Run the agent as the server's user, or as one that may read all its files.")
        .causedBy(e);
  }
}
