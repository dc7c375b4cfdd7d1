package io.pgbackup.engine.walg;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.WRITE;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A private directory for what passes between us and our children: sockets, spools, small secrets.
/// Nobody else may enter it, and it goes when this is closed; those of agents that were killed go
/// when the next one starts.
final class Scratch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Scratch.class);
  private static final String PREFIX = "pgbackup-walg-";
  private static final Pattern NAME = Pattern.compile(PREFIX + "(\\d{1,10})-\\d+");
  private static final FileAttribute<Set<PosixFilePermission>> OWN =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  private final Path directory;

  private Scratch(Path directory) {
    this.directory = directory;
  }

  /// @param parent of the directory that is made, usually the system's for temporary files
  static Scratch in(Path parent) {
    try {
      removeAbandoned(parent);
      return new Scratch(
          Files.createTempDirectory(parent, PREFIX + ProcessHandle.current().pid() + "-"));
    } catch (IOException e) {
      throw cannotWrite(parent, e);
    }
  }

  Path directory() {
    return directory;
  }

  /// An empty directory of this name.
  Path folder(String name) {
    Path folder = directory.resolve(name);
    try {
      delete(folder);
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

  /// A process of the same number may be another one: in a container it always is.
  private static void removeAbandoned(Path parent) throws IOException {
    var owner = Files.getOwner(Path.of("/proc/self"));
    List<Path> abandoned;
    try (Stream<Path> siblings = Files.list(parent)) {
      abandoned = siblings.filter(Scratch::isAbandoned).toList();
    }
    for (Path each : abandoned) {
      if (Files.getOwner(each, NOFOLLOW_LINKS).equals(owner)) {
        LOG.atInfo().addKeyValue("directory", each).log("removing what a killed agent left");
        delete(each);
      }
    }
  }

  private static boolean isAbandoned(Path path) {
    Matcher matcher = NAME.matcher(path.getFileName().toString());
    return matcher.matches()
        && Files.isDirectory(path, NOFOLLOW_LINKS)
        && ProcessHandle.of(Long.parseLong(matcher.group(1)))
            .filter(ProcessHandle::isAlive)
            .isEmpty();
  }

  @Override
  public void close() {
    try {
      delete(directory);
    } catch (IOException e) {
      LOG.atWarn().addKeyValue("directory", directory).setCause(e).log("spool stays behind");
    }
  }

  private static void delete(Path tree) throws IOException {
    if (!Files.exists(tree, NOFOLLOW_LINKS)) {
      return;
    }
    Files.walkFileTree(
        tree,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
              throws IOException {
            Files.deleteIfExists(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
