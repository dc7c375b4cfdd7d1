package io.pgbackup.restore;

import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/// Everything a restore puts beside a data directory, on the same file system, so that renames
/// suffice. Symbolic links to the data directory are followed first.
///
/// @param dataDirectory absolute; the last part may not exist yet
record RestorePaths(Path dataDirectory) {
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

  static RestorePaths of(Path dataDirectory) {
    Path path = dataDirectory.toAbsolutePath().normalize();
    if (path.getFileName() == null) {
      throw Problem.misconfigured(
              "the root of the file system is no data directory", "Name a folder below it.")
          .asException();
    }
    return new RestorePaths(real(path));
  }

  /// Without symbolic links, as far as it exists.
  static Path real(Path path) {
    try {
      return path.toRealPath();
    } catch (IOException _) {
      Path parent = path.getParent();
      return parent == null ? path : real(parent).resolve(path.getFileName());
    }
  }

  Path parent() {
    return dataDirectory.resolveSibling(".").normalize();
  }

  Path journal() {
    return beside(".pgbackup-restore.json");
  }

  /// Where the restore works; gone when it has finished.
  Path workspace() {
    return beside(".pgbackup-restore");
  }

  Path lock() {
    return workspace().resolve("lock");
  }

  /// The data directory while it is being made.
  Path staging() {
    return workspace().resolve("data");
  }

  Path spool() {
    return workspace().resolve("wal");
  }

  /// The configuration of our own server.
  Path server() {
    return workspace().resolve("server");
  }

  Path log() {
    return workspace().resolve("recovery.log");
  }

  /// The restored `postgresql.auto.conf`, kept out of our server's sight.
  Path autoConf() {
    return workspace().resolve("postgresql.auto.conf");
  }

  /// Where the data directory that is replaced is kept.
  Path before(Instant now) {
    return unused(beside(".before-restore-" + STAMP.format(now)));
  }

  /// Where restored data are kept that an undo takes away.
  Path undone(Instant now) {
    return unused(beside(".undone-" + STAMP.format(now)));
  }

  /// Where the journal of an earlier restore waits for its undo.
  Path earlierJournal(Instant now) {
    return unused(beside(".pgbackup-restore-" + STAMP.format(now) + ".json"));
  }

  private Path beside(String suffix) {
    return dataDirectory.resolveSibling(dataDirectory.getFileName() + suffix);
  }

  private static Path unused(Path path) {
    Path candidate = path;
    for (int number = 2; Files.exists(candidate); number++) {
      candidate = path.resolveSibling(path.getFileName() + "-" + number);
    }
    return candidate;
  }

  /// Makes renames in this directory's folder durable.
  void forceParent() throws IOException {
    Durable.ON_DISK.force(parent());
  }
}
