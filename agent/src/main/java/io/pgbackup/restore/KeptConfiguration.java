package io.pgbackup.restore;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardCopyOption.COPY_ATTRIBUTES;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;

import io.pgbackup.postgres.process.Trees;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// Copies the configuration of one data directory into another: the administrator's files at its
/// top, and what they include from inside the directory.
record KeptConfiguration(Path from, Path to, Durable durable) {
  /// Of PostgreSQL itself (CONF_FILE_MAX_DEPTH).
  private static final int DEEPEST = 10;

  private static final List<String> INCLUDING =
      List.of("postgresql.conf", "pg_hba.conf", "pg_ident.conf");

  /// Files at the top of a data directory that are PostgreSQL's own; whatever else lies there the
  /// administrator put there.
  private static final Set<String> POSTGRES_FILES =
      Set.of(
          "PG_VERSION",
          "backup_label",
          "backup_label.old",
          "backup_manifest",
          "current_logfiles",
          "postmaster.opts",
          "postmaster.pid",
          "recovery.done",
          "recovery.signal",
          "standby.signal",
          "tablespace_map",
          "tablespace_map.old");

  /// Nobody's configuration lies there, whatever an include says.
  private static final Set<String> POSTGRES_FOLDERS =
      Set.of(
          "base",
          "global",
          "pg_commit_ts",
          "pg_dynshmem",
          "pg_logical",
          "pg_multixact",
          "pg_notify",
          "pg_replslot",
          "pg_serial",
          "pg_snapshots",
          "pg_stat",
          "pg_stat_tmp",
          "pg_subtrans",
          "pg_tblspc",
          "pg_twophase",
          "pg_wal",
          "pg_xact");

  void copy() throws IOException {
    copyFiles(from, to);
    for (String name : INCLUDING) {
      copyIncluded(from.resolve(name), 1);
    }
  }

  private void copyIncluded(Path configuration, int depth) throws IOException {
    if (depth > DEEPEST || !Files.isRegularFile(configuration)) {
      return;
    }
    Includes includes = Includes.of(Files.readString(configuration, StandardCharsets.ISO_8859_1));
    for (String name : includes.files()) {
      Optional<Path> file = inside(configuration, name).filter(Files::exists);
      if (file.isPresent()) {
        copyInto(file.get());
        copyIncluded(file.get(), depth + 1);
      }
    }
    for (String name : includes.folders()) {
      Optional<Path> folder = inside(configuration, name).filter(Files::isDirectory);
      if (folder.isPresent()) {
        copyFolder(folder.get());
        for (Path file : list(folder.get())) {
          copyIncluded(file, depth + 1);
        }
      }
    }
  }

  /// The path that an include means, where it lies inside the data directory.
  private Optional<Path> inside(Path configuration, String name) {
    try {
      Path path = configuration.resolveSibling(name).normalize();
      return Optional.of(path)
          .filter(it -> it.startsWith(from) && !it.equals(from))
          .filter(it -> !POSTGRES_FOLDERS.contains(from.relativize(it).getName(0).toString()));
    } catch (InvalidPathException _) {
      return Optional.empty();
    }
  }

  private void copyFolder(Path folder) throws IOException {
    Path copy = counterpart(folder);
    if (Files.isSymbolicLink(folder)) {
      Trees.delete(copy);
      copyInto(folder);
      return;
    }
    makeFolders(folder);
    for (Path stale : list(copy)) {
      if (!Files.isDirectory(stale, NOFOLLOW_LINKS)) {
        Files.delete(stale);
      }
    }
    copyFiles(folder, copy);
  }

  private void copyFiles(Path folder, Path into) throws IOException {
    for (Path entry : list(folder)) {
      boolean file =
          Files.isRegularFile(entry, NOFOLLOW_LINKS)
              || (Files.isSymbolicLink(entry) && !Files.isDirectory(entry));
      if (file && !POSTGRES_FILES.contains(String.valueOf(entry.getFileName()))) {
        copyOne(entry, into.resolve(folder.relativize(entry)));
      }
    }
    durable.force(into);
  }

  private void copyInto(Path file) throws IOException {
    makeFolders(file.resolveSibling(".").normalize());
    copyOne(file, counterpart(file));
    durable.force(counterpart(file).resolveSibling(".").normalize());
  }

  private void copyOne(Path file, Path copy) throws IOException {
    Files.copy(file, copy, COPY_ATTRIBUTES, REPLACE_EXISTING, NOFOLLOW_LINKS);
    if (Files.isRegularFile(copy, NOFOLLOW_LINKS)) {
      durable.force(copy);
    }
  }

  /// As they are in the old directory.
  private void makeFolders(Path folder) throws IOException {
    Path copy = to;
    for (Path name : from.relativize(folder)) {
      copy = copy.resolve(name);
      if (!Files.isDirectory(copy) && !name.toString().isEmpty()) {
        Files.copy(from.resolve(to.relativize(copy)), copy, COPY_ATTRIBUTES);
        durable.force(copy.resolveSibling(".").normalize());
      }
    }
  }

  private Path counterpart(Path path) {
    return to.resolve(from.relativize(path));
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return new ArrayList<>(entries.sorted().toList());
    }
  }
}
