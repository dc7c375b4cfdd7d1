package io.pgbackup.engine.embedded;

import io.pgbackup.engine.FetchTarget;
import io.pgbackup.engine.format.PageLsns;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The directories that a backup is unpacked into: the data directory and one for each tablespace.
/// Only directories, regular files and the links to the tablespaces come into being, and nobody
/// else can enter before [#finish], so no path leads out of them.
///
/// Thread-safe.
final class RestoredTree {
  /// Directories whose content a backup leaves out, and which PostgreSQL does not make itself.
  private static final List<String> EMPTIED =
      List.of(
          "pg_commit_ts",
          "pg_dynshmem",
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
          "pg_wal/archive_status");

  private static final Set<PosixFilePermission> OURS_ALONE =
      PosixFilePermissions.fromString("rwx------");
  private static final FileAttribute<?> NEW_DIRECTORY =
      PosixFilePermissions.asFileAttribute(OURS_ALONE);

  private static final Pattern IN_TABLESPACE = Pattern.compile("pg_tblspc/([^/]+)(?:/(.+))?");

  private final Path root;
  private final Map<String, Path> tablespaces;
  private final Map<Path, Integer> directoryModes = new ConcurrentHashMap<>();

  private RestoredTree(Path root, Map<String, Path> tablespaces) {
    this.root = root;
    this.tablespaces = tablespaces;
  }

  /// @throws PgBackupException `Refused` if anything lies in a directory
  static RestoredTree in(FetchTarget target) {
    Path root = target.directory().toAbsolutePath().normalize();
    makeEmpty(root);
    Map<String, Path> tablespaces = new HashMap<>();
    target
        .tablespaces()
        .forEach((oid, place) -> tablespaces.put(oid, place.toAbsolutePath().normalize()));
    var tree = new RestoredTree(root, tablespaces);
    tablespaces.forEach(tree::link);
    return tree;
  }

  private void link(String oid, Path place) {
    makeEmpty(place);
    Path link = root.resolve(TablespaceLink.FOLDER).resolve(oid);
    createDirectory(root.resolve(TablespaceLink.FOLDER));
    try {
      Files.createSymbolicLink(link, place);
    } catch (IOException e) {
      throw cannotWrite(link, e);
    }
  }

  private static void makeEmpty(Path root) {
    try {
      FetchTarget.makeEmpty(root);
    } catch (IOException e) {
      throw cannotWrite(root, e);
    }
  }

  /// @param path as [io.pgbackup.engine.format.MemberPath] gives it
  void directory(String path, int mode) {
    Path directory = resolve(path);
    createDirectory(directory);
    directoryModes.put(directory, mode);
  }

  /// A file to write, which stands in the place of one that may be there.
  RestoredFile file(String path, int mode) {
    Path file = resolve(path);
    Path parent = file.getParent();
    if (parent != null) {
      createDirectory(parent);
    }
    return new RestoredFile(file, mode);
  }

  /// A file that came from an older backup of the chain.
  ///
  /// @throws PgBackupException `VerificationFailed` if there is none
  PatchedFile existing(String path) {
    if (!hasFile(path)) {
      throw Problem.verificationFailed(
              "the backup holds pages of " + path + ", and nothing that they belong to",
              "Choose another base backup.")
          .asException();
    }
    return new PatchedFile(resolve(path));
  }

  /// See [PageLsns].
  String pageLsns(String path) {
    try {
      return PageLsns.of(resolve(path));
    } catch (IOException e) {
      throw Problem.storageFailed(
              "cannot read " + resolve(path) + " back: " + e.getMessage(), "Look at the disk.")
          .causedBy(e);
    }
  }

  boolean hasFile(String path) {
    return Files.isRegularFile(resolve(path), LinkOption.NOFOLLOW_LINKS);
  }

  /// Makes what a backup leaves out, sets the modes of directories and the owner of everything, and
  /// brings the directories to the disk.
  void finish(Consumer<Path> owner) {
    EMPTIED.forEach(path -> createDirectory(resolve(path)));
    tablespaces.values().forEach(place -> finish(place, owner));
    finish(root, owner);
  }

  private void finish(Path top, Consumer<Path> owner) {
    try {
      Files.walkFileTree(
          top,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              owner.accept(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException fault)
                throws IOException {
              if (fault != null) {
                throw fault;
              }
              Integer mode = directory.equals(top) ? null : directoryModes.get(directory);
              if (mode != null) {
                // Without these bits PostgreSQL could not enter its own directory.
                Files.setPosixFilePermissions(directory, permissions(mode | 0700));
              }
              owner.accept(directory);
              sync(directory);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw cannotWrite(top, e);
    }
  }

  private void createDirectory(Path directory) {
    try {
      Files.createDirectories(directory, NEW_DIRECTORY);
    } catch (IOException e) {
      throw cannotWrite(directory, e);
    }
  }

  private Path resolve(String path) {
    Path base = root;
    String below = path;
    Matcher matcher = IN_TABLESPACE.matcher(path);
    if (matcher.matches()) {
      base = tablespaces.get(matcher.group(1));
      if (base == null) {
        throw Problem.refused(
                "the backup holds "
                    + path
                    + ", and nothing says where tablespace "
                    + matcher.group(1)
                    + " goes",
                "Give it a place with --tablespace " + matcher.group(1) + "=DIR.")
            .asException();
      }
      below = Objects.requireNonNullElse(matcher.group(2), "");
    }
    Path resolved;
    try {
      resolved = base.resolve(below).normalize();
    } catch (InvalidPathException e) {
      throw Problem.verificationFailed(
              "the backup holds a file whose name this system cannot have: " + e.getMessage(),
              "Set LC_ALL to a UTF-8 locale such as C.UTF-8 and try again.")
          .causedBy(e);
    }
    if (!resolved.startsWith(base)) {
      throw Problem.verificationFailed(
              "the backup holds " + path + ", which leads out of the data directory",
              "The backup was tampered with; do not use it.")
          .asException();
    }
    return resolved;
  }

  private static void sync(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static Set<PosixFilePermission> permissions(int mode) {
    Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
    PosixFilePermission[] highestFirst = PosixFilePermission.values();
    for (int bit = 0; bit < highestFirst.length; bit++) {
      if ((mode & (0400 >> bit)) != 0) {
        permissions.add(highestFirst[bit]);
      }
    }
    return permissions;
  }

  private static PgBackupException cannotWrite(Path path, IOException cause) {
    String reason = cause.getMessage();
    return Problem.storageFailed(
            "cannot write " + path + ": " + (reason == null ? cause : reason),
            "Look at the disk's free space and the directory's permissions.")
        .causedBy(cause);
  }

  /// One file while it is written. Not thread-safe.
  static final class RestoredFile implements AutoCloseable {
    private final Path path;
    private final int mode;
    private final FileChannel channel;

    private RestoredFile(Path path, int mode) {
      this.path = path;
      this.mode = mode;
      try {
        channel =
            FileChannel.open(
                path,
                Set.of(
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE,
                    LinkOption.NOFOLLOW_LINKS),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      } catch (IOException e) {
        throw cannotWrite(path, e);
      }
    }

    void write(byte[] bytes, int length) {
      try {
        var buffer = ByteBuffer.wrap(bytes, 0, length);
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
      } catch (IOException e) {
        throw cannotWrite(path, e);
      }
    }

    /// Sets the mode.
    ///
    /// @param force whether to bring the file to the disk as well: nothing will change it
    void complete(boolean force) {
      try {
        Files.setPosixFilePermissions(path, permissions(mode));
        if (force) {
          channel.force(true);
        }
      } catch (IOException e) {
        throw cannotWrite(path, e);
      }
    }

    @Override
    public void close() {
      try {
        channel.close();
      } catch (IOException e) {
        throw cannotWrite(path, e);
      }
    }
  }

  /// A file while pages of it are replaced. Its mode stays. Not thread-safe.
  static final class PatchedFile implements AutoCloseable {
    private final Path path;
    private final FileChannel channel;

    private PatchedFile(Path path) {
      this.path = path;
      try {
        channel = FileChannel.open(path, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
      } catch (IOException e) {
        throw cannotWrite(path, e);
      }
    }

    /// What is added is zeros.
    void resize(long size) {
      try {
        channel.truncate(size);
        if (channel.size() < size) {
          channel.write(ByteBuffer.allocate(1), size - 1);
        }
      } catch (IOException e) {
        throw cannotWrite(path, e);
      }
    }

    void write(byte[] bytes, int length, long position) {
      try {
        var buffer = ByteBuffer.wrap(bytes, 0, length);
        while (buffer.hasRemaining()) {
          channel.write(buffer, position + buffer.position());
        }
      } catch (IOException e) {
        throw cannotWrite(path, e);
      }
    }

    /// @param force as for [RestoredFile#complete]
    void complete(boolean force) {
      if (force) {
        try {
          channel.force(true);
        } catch (IOException e) {
          throw cannotWrite(path, e);
        }
      }
    }

    @Override
    public void close() {
      try {
        channel.close();
      } catch (IOException e) {
        throw cannotWrite(path, e);
      }
    }
  }
}
