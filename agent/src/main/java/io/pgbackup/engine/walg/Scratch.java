package io.pgbackup.engine.walg;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.WRITE;

import io.pgbackup.postgres.process.Trees;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A private directory for what passes between us and our children: sockets, spools, small secrets.
/// Nobody else may enter it, and it goes when this is closed; those of agents that were killed go
/// when the next one starts. A lock on a file in it says that somebody uses it: numbers of
/// processes come again, in containers always.
final class Scratch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Scratch.class);
  private static final String PREFIX = "pgbackup-walg-";
  private static final String LOCK = "lock";

  /// To look at the lock of one would end it: a process has one lock on a file, whatever the
  /// channels.
  private static final Set<Path> OURS = ConcurrentHashMap.newKeySet();

  /// A directory so young may be about to get its lock.
  private static final Duration YOUNG = Duration.ofMinutes(1);

  private static final FileAttribute<Set<PosixFilePermission>> OWN =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  private final Path directory;
  private final FileChannel lock;

  private Scratch(Path directory, FileChannel lock) {
    this.directory = directory;
    this.lock = lock;
  }

  /// @param parent of the directory that is made, usually the system's for temporary files
  static Scratch in(Path parent) {
    try {
      removeAbandoned(parent);
      while (true) {
        Path directory = Files.createTempDirectory(parent.toRealPath(), PREFIX);
        FileChannel lock = locked(directory);
        if (Files.exists(directory.resolve(LOCK))) {
          return new Scratch(directory, lock);
        }
        // somebody had the lock for a moment, and took it for abandoned
        lock.close();
      }
    } catch (IOException e) {
      throw cannotWrite(parent, e);
    }
  }

  /// The lock ends with the process, however that ends. Children do not inherit it.
  private static FileChannel locked(Path directory) throws IOException {
    FileChannel channel = FileChannel.open(directory.resolve(LOCK), Set.of(CREATE_NEW, WRITE), OWN);
    try {
      OURS.add(directory);
      var _ = channel.lock();
      return channel;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  Path directory() {
    return directory;
  }

  /// An empty directory of this name.
  Path folder(String name) {
    Path folder = directory.resolve(name);
    try {
      Trees.delete(folder);
      return Files.createDirectory(folder);
    } catch (IOException e) {
      throw cannotWrite(folder, e);
    }
  }

  /// A file that only we may read, replaced as a whole.
  Path file(String name, String content) {
    Path file = directory.resolve(name);
    Path next = directory.resolve(name + ".next");
    try {
      Files.deleteIfExists(next);
      try (FileChannel channel = FileChannel.open(next, Set.of(CREATE_NEW, WRITE), OWN)) {
        channel.write(UTF_8.encode(content));
      }
      return Files.move(next, file, ATOMIC_MOVE);
    } catch (IOException e) {
      throw cannotWrite(file, e);
    }
  }

  private static PgBackupException cannotWrite(Path path, IOException cause) {
    return Problem.misconfigured(
            "cannot write to %s, where the wal-g engine keeps its spool: %s".formatted(path, cause),
            "Let the agent's user write there, or name another directory with -Djava.io.tmpdir.")
        .causedBy(cause);
  }

  private static void removeAbandoned(Path parent) throws IOException {
    var owner = Files.getOwner(Path.of("/proc/self"));
    List<Path> siblings;
    try (Stream<Path> content = Files.list(parent.toRealPath())) {
      siblings =
          content
              .filter(path -> path.getFileName().toString().startsWith(PREFIX))
              .filter(path -> !OURS.contains(path))
              .toList();
    }
    for (Path each : siblings) {
      try {
        if (Files.isDirectory(each, NOFOLLOW_LINKS)
            && Files.getOwner(each, NOFOLLOW_LINKS).equals(owner)) {
          removeIfAbandoned(each);
        }
      } catch (NoSuchFileException _) {
        // another one that starts was faster
      }
    }
  }

  private static void removeIfAbandoned(Path directory) throws IOException {
    Path file = directory.resolve(LOCK);
    if (!Files.exists(file, NOFOLLOW_LINKS)) {
      Instant made = Files.getLastModifiedTime(directory, NOFOLLOW_LINKS).toInstant();
      if (made.isBefore(Instant.now().minus(YOUNG))) {
        remove(directory);
      }
      return;
    }
    try (FileChannel channel = FileChannel.open(file, Set.of(WRITE, NOFOLLOW_LINKS));
        FileLock held = channel.tryLock()) {
      if (held != null) {
        remove(directory);
      }
    }
  }

  private static void remove(Path directory) throws IOException {
    LOG.atInfo().addKeyValue("directory", directory).log("removing what a killed agent left");
    Trees.delete(directory);
  }

  @Override
  public void close() {
    try {
      Trees.delete(directory);
      lock.close();
      OURS.remove(directory);
    } catch (IOException e) {
      LOG.atWarn().addKeyValue("directory", directory).setCause(e).log("spool stays behind");
    }
  }
}
