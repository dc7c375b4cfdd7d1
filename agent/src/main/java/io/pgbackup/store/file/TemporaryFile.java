package io.pgbackup.store.file;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.WRITE;

import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Set;

/// A file that is written beside its target and then becomes it, whole or not at all.
final class TemporaryFile implements AutoCloseable {
  private static final int ATTEMPTS = 10;

  private final Path target;
  private final Path path;
  private final FileChannel channel;

  private TemporaryFile(Path target, Path path, FileChannel channel) {
    this.target = target;
    this.path = path;
    this.channel = channel;
  }

  static TemporaryFile beside(Path target, StoreTree tree) throws IOException {
    Path directory = StoreTree.parent(target);
    Path path = directory.resolve(HiddenNames.temporary(String.valueOf(target.getFileName())));
    for (int attempt = 1; ; attempt++) {
      try {
        tree.makeDirectories(directory);
        FileChannel channel =
            FileChannel.open(path, Set.of(CREATE_NEW, WRITE), tree.onlyOwner("rw-------"));
        return new TemporaryFile(target, path, channel);
      } catch (NoSuchFileException e) {
        // Somebody deleted the last object of this directory, and the directory with it.
        if (attempt == ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  OutputStream stream() {
    return Channels.newOutputStream(channel);
  }

  Path path() {
    return path;
  }

  void sync() throws IOException {
    channel.force(true);
  }

  /// Gives the file its name unless something has it.
  ///
  /// @return whether this call did it; either way what has that name is durable
  boolean linkIfAbsent() throws IOException {
    boolean linked = link();
    Files.delete(path);
    // Also where another process was first: it may not have come to this yet.
    StoreTree.sync(StoreTree.parent(target));
    return linked;
  }

  private boolean link() throws IOException {
    try {
      Files.createLink(target, path);
      return true;
    } catch (FileAlreadyExistsException _) {
      return false;
    } catch (UnsupportedOperationException | FileSystemException e) {
      throw Problem.storageUnavailable(
              "cannot link " + target + ": " + e.getMessage(),
              "Check for free space, and that the file system has hard links: they keep objects"
                  + " from being overwritten.")
          .causedBy(e);
    }
  }

  /// Takes the target's place, whatever stands there.
  void replaceTarget() throws IOException {
    Files.move(path, target, StandardCopyOption.ATOMIC_MOVE);
  }

  @Override
  public void close() throws IOException {
    channel.close();
    Files.deleteIfExists(path);
  }
}
