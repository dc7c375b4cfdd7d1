package io.pgbackup.store.file;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/// Lets one thread of one process at a time compare and replace in a directory. The lock file
/// stays: removing it would let two processes lock two files of that name.
final class ReplaceLock {
  // The operating system's lock belongs to the process, and Java refuses a second one of it.
  private static final ReentrantLock IN_THIS_PROCESS = new ReentrantLock();

  private ReplaceLock() {}

  interface Action<T> {
    T run() throws IOException;
  }

  static <T> T holding(Path directory, StoreTree tree, Action<T> action) throws IOException {
    tree.makeDirectories(directory);
    return locked(directory, tree, Set.of(WRITE, CREATE), action);
  }

  /// Takes the lock only if somebody once replaced something there.
  static <T> T holdingIfUsed(Path directory, StoreTree tree, Action<T> action) throws IOException {
    return Files.exists(directory.resolve(HiddenNames.LOCK))
        ? locked(directory, tree, Set.of(WRITE), action)
        : action.run();
  }

  private static <T> T locked(
      Path directory, StoreTree tree, Set<StandardOpenOption> options, Action<T> action)
      throws IOException {
    IN_THIS_PROCESS.lock();
    try (FileChannel channel =
            FileChannel.open(
                directory.resolve(HiddenNames.LOCK), options, tree.onlyOwner("rw-------"));
        var _ = channel.lock()) {
      return action.run();
    } finally {
      IN_THIS_PROCESS.unlock();
    }
  }
}
