package io.pgbackup.restore;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import io.pgbackup.postgres.process.Trees;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/// One restore or undo at a time for one data directory on this machine. The lock ends with the
/// process that holds it, however that ends.
final class RestoreLock implements AutoCloseable {
  private final FileChannel channel;

  private RestoreLock(FileChannel channel) {
    this.channel = channel;
  }

  /// Makes the workspace and locks it.
  ///
  /// @throws PgBackupException `Refused` if another process holds it
  static RestoreLock take(RestorePaths paths) {
    try {
      Files.createDirectories(paths.workspace());
      // The server's user must get at its data and at the spool inside.
      Files.setPosixFilePermissions(
          paths.workspace(), PosixFilePermissions.fromString("rwx--x--x"));
      FileChannel channel =
          FileChannel.open(
              paths.lock(),
              Set.of(CREATE, WRITE),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      try {
        if (channel.tryLock() != null) {
          return new RestoreLock(channel);
        }
      } catch (OverlappingFileLockException _) {
        // Another thread of this process.
      }
      channel.close();
      throw Problem.refused(
              "another restore works in " + paths.workspace(), "Wait until it has ended.")
          .asException();
    } catch (IOException e) {
      throw Problem.refused(
              "cannot work in %s: %s".formatted(paths.workspace(), e.getMessage()),
              "Run the command as a user who may write there.")
          .causedBy(e);
    }
  }

  /// Removes the workspace, lock and all.
  static void clear(RestorePaths paths) {
    try {
      Trees.delete(paths.workspace());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Removes what a restore left in the workspace, and keeps the lock.
  static void empty(RestorePaths paths) throws IOException {
    for (Path entry : new DataDirectory(paths.workspace()).entries("")) {
      if (!entry.equals(paths.lock())) {
        Trees.delete(entry);
      }
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
