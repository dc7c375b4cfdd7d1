package io.pgbackup.drill;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.WRITE;

import io.pgbackup.postgres.process.Trees;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Where one drill works: a directory `pgbackup-drill-<random>` with a lock in it that ends with
/// the process that holds it, however that ends. So what a killed drill left is known from one that
/// runs, and from data that somebody wanted kept, which have no lock.
///
/// Belongs to one thread.
final class DrillFolder implements AutoCloseable {
  private static final Logger LOGGER = LoggerFactory.getLogger(DrillFolder.class);
  private static final String NAME = "pgbackup-drill-";
  private static final String LOCK = "lock";
  private static final int DELETE_ATTEMPTS = 5;

  /// Whoever opened and closed the lock of a folder of this process would release it.
  private static final Set<Path> OURS = ConcurrentHashMap.newKeySet();

  private final Path path;
  private final FileChannel lock;

  private DrillFolder(Path path, FileChannel lock) {
    this.path = path;
    this.lock = lock;
  }

  /// @throws PgBackupException `Refused` where this user may not write there
  static DrillFolder makeIn(Path parent) {
    try {
      Files.createDirectories(parent);
      Path path = Files.createTempDirectory(parent, NAME).toRealPath();
      OURS.add(path);
      try {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
        FileChannel lock = FileChannel.open(path.resolve(LOCK), CREATE_NEW, WRITE);
        lock.lock();
        return new DrillFolder(path, lock);
      } catch (IOException | RuntimeException e) {
        OURS.remove(path);
        throw e;
      }
    } catch (IOException e) {
      throw Problem.refused(
              "cannot make a directory in %s: %s".formatted(parent, e.getMessage()),
              "Give a folder that this user may write to, with room for the data: --work-dir DIR,"
                  + " or drill.directory.")
          .causedBy(e);
    }
  }

  /// Removes what killed drills left.
  ///
  /// @param stop ends servers that run over what is in such a folder
  static void sweep(Path parent, Consumer<Path> stop) {
    for (Path folder : named(parent)) {
      if (OURS.contains(folder)) {
        continue;
      }
      try (FileChannel lock = FileChannel.open(folder.resolve(LOCK), WRITE)) {
        if (lock.tryLock() == null) {
          continue;
        }
        stop.accept(folder);
        delete(folder);
        LOGGER.atInfo().addKeyValue("folder", folder).log("removed what a killed drill left");
      } catch (NoSuchFileException _) {
        // kept on purpose, or just being made
      } catch (IOException e) {
        throw notRemoved(folder, e);
      }
    }
  }

  private static List<Path> named(Path parent) {
    if (!Files.isDirectory(parent)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(parent.toRealPath())) {
      return entries
          .filter(entry -> String.valueOf(entry.getFileName()).startsWith(NAME))
          .filter(DrillFolder::isOurUsers)
          .toList();
    } catch (IOException e) {
      throw Problem.refused(
              "cannot look into %s: %s".formatted(parent, e.getMessage()),
              "Give a folder that this user may read and write.")
          .causedBy(e);
    }
  }

  /// In a folder where everybody may write, names say nothing about who made them.
  private static boolean isOurUsers(Path folder) {
    try {
      UserPrincipal owner = Files.getOwner(folder, NOFOLLOW_LINKS);
      return Files.isDirectory(folder, NOFOLLOW_LINKS)
          && ProcessHandle.current().info().user().filter(owner.getName()::equals).isPresent();
    } catch (IOException _) {
      return false;
    }
  }

  Path path() {
    return path;
  }

  /// Leaves what is in it to whoever looks at it.
  void keep() {
    try {
      Files.deleteIfExists(path.resolve(LOCK));
    } catch (IOException e) {
      throw notRemoved(path.resolve(LOCK), e);
    }
  }

  void delete() {
    for (int attempt = 1; ; attempt++) {
      try {
        delete(path);
        return;
      } catch (DirectoryNotEmptyException e) {
        // a file that was being fetched came after all
        if (attempt == DELETE_ATTEMPTS) {
          throw notRemoved(path, e);
        }
      } catch (IOException e) {
        throw notRemoved(path, e);
      }
    }
  }

  /// The lock goes last: what is cut off here is found by the next one.
  private static void delete(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      for (Path entry : entries.filter(it -> !it.endsWith(LOCK)).toList()) {
        Trees.delete(entry);
      }
    }
    Trees.delete(folder);
  }

  private static PgBackupException notRemoved(Path folder, IOException e) {
    return Problem.postgresFailed(
            "the drill's directory %s cannot be removed: %s".formatted(folder, e.getMessage()),
            "Remove it; nothing runs on it any more.")
        .causedBy(e);
  }

  @Override
  public void close() {
    OURS.remove(path);
    try {
      lock.close();
    } catch (IOException e) {
      LOGGER.atDebug().setCause(e).log("lock not closed");
    }
  }
}
