package io.pgbackup.store.file;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The directory that stands for a bucket: where a key lies below it, and how directories are made
/// so that they survive a power failure. Nothing ever lies outside the root; symbolic links below
/// it are refused.
final class StoreTree {
  private final Path root;
  private final @Nullable Object rootIdentity;
  private final boolean posix;

  private StoreTree(Path root) throws IOException {
    this.root = root;
    this.rootIdentity = identity(root);
    this.posix = root.getFileSystem().supportedFileAttributeViews().contains("posix");
  }

  static StoreTree open(Path root) {
    if (!Files.isDirectory(root)) {
      throw Problem.misconfigured(
              "the store's directory " + root + " does not exist",
              "Create it, or mount the file system it lies on; pgbackup never makes it, so that a"
                  + " forgotten mount is not mistaken for an empty store.")
          .asException();
    }
    try {
      return new StoreTree(root.toRealPath());
    } catch (IOException e) {
      throw FileFailures.of("open the store in " + root, e);
    }
  }

  Path root() {
    return root;
  }

  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` if the key names one of the
  ///   store's own files, or leads through a symbolic link
  Path path(ObjectKey key) {
    for (String segment : key.value().split("/")) {
      if (HiddenNames.contains(segment)) {
        throw Problem.misconfigured(
                "'" + key + "' has a name that a file store keeps for itself",
                "Choose another prefix.")
            .asException();
      }
    }
    return below(key.value());
  }

  /// @param relative segments without `.` and `..`; empty is the root
  Path below(String relative) {
    checkRoot();
    Path path = resolve(relative);
    for (Path part = path; !part.equals(root); part = parent(part)) {
      if (Files.isSymbolicLink(part)) {
        throw Problem.misconfigured(
                part + " is a symbolic link",
                "A file store follows none below its directory; mount the other directory there.")
            .asException();
      }
    }
    return path;
  }

  private Path resolve(String relative) {
    try {
      Path path = root.resolve(relative);
      if (!path.normalize().equals(path) || !path.startsWith(root)) {
        throw new IllegalArgumentException("'" + relative + "' leads out of the store");
      }
      return path;
    } catch (InvalidPathException e) {
      throw Problem.misconfigured(
              "'" + relative + "' is no file name here: " + e.getReason(),
              "Run pgbackup under a UTF-8 locale, for instance LC_ALL=C.UTF-8.")
          .causedBy(e);
    }
  }

  /// What lies at this path, unless nothing does.
  static Optional<BasicFileAttributes> attributes(Path path) throws IOException {
    try {
      return Optional.of(Files.readAttributes(path, BasicFileAttributes.class, NOFOLLOW_LINKS));
    } catch (NoSuchFileException _) {
      return Optional.empty();
    } catch (FileSystemException e) {
      if (Files.isRegularFile(parent(path), NOFOLLOW_LINKS)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /// Makes the directory and those above it, each entry on disk before it is used.
  void makeDirectories(Path directory) throws IOException {
    if (Files.isDirectory(directory, NOFOLLOW_LINKS)) {
      return;
    }
    makeDirectories(parent(directory));
    try {
      Files.createDirectory(directory, onlyOwner("rwx------"));
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(directory, NOFOLLOW_LINKS)) {
        throw e;
      }
    }
    sync(parent(directory));
  }

  FileAttribute<?>[] onlyOwner(String permissions) {
    return posix
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }

  /// Makes new names in this directory durable.
  static void sync(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /// Removes this directory and those above it while they are empty.
  void prune(Path directory) {
    try {
      for (Path part = directory; !part.equals(root); part = parent(part)) {
        Files.delete(part);
      }
    } catch (IOException _) {
      // Not empty, or not ours to delete: it stays.
    }
  }

  static Path parent(Path path) {
    return Objects.requireNonNull(path.getParent());
  }

  // An unmounted file system leaves an empty directory behind, in which everything seems absent.
  private void checkRoot() {
    try {
      if (!Objects.equals(identity(root), rootIdentity)) {
        throw Problem.storageUnavailable(
                "the store's directory " + root + " is not the one that was opened",
                "Check that its file system is still mounted.")
            .asException();
      }
    } catch (IOException e) {
      throw FileFailures.of("open the store in " + root, e);
    }
  }

  private static @Nullable Object identity(Path root) throws IOException {
    return Files.readAttributes(root, BasicFileAttributes.class).fileKey();
  }
}
