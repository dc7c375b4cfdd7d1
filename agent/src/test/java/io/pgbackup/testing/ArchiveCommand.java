package io.pgbackup.testing;

import io.pgbackup.archive.ArchiveClient;
import io.pgbackup.lineage.Identity;
import io.pgbackup.lineage.IdentityFile;
import io.pgbackup.problem.PgBackupException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// An archive command that ends when the agent has said yes or no, without a JVM for each segment:
/// the command puts the file into a folder and waits there for its status, and a thread of the test
/// speaks to the agent's socket, just as `pgbackup wal push` does.
public final class ArchiveCommand implements AutoCloseable {
  private static final String ASKED = ".ask";

  private final Path spool;
  private final ArchiveClient client;
  private final Path dataDirectory;
  private final Thread thread;
  private volatile boolean held;
  private volatile boolean closed;

  /// @param spool a new folder, enterable by the server's user
  public ArchiveCommand(Path spool, Path socket, Path dataDirectory) {
    this.spool = newFolder(spool);
    this.client = new ArchiveClient(socket, Duration.ofMinutes(1));
    this.dataDirectory = dataDirectory;
    this.thread = Thread.ofPlatform().name("archive-command").daemon().start(this::pump);
  }

  private static Path newFolder(Path folder) {
    try {
      Files.createDirectory(folder);
      return Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// For `archive_command`, with a new server's settings.
  public static String text(Path spool) {
    return "cp %%p '%1$s/%%f.part' && mv '%1$s/%%f.part' '%1$s/%%f.ask' && "
        .concat("while [ ! -e '%1$s/%%f.told' ]; do ")
        .concat("if [ -e '%1$s/closed' ] || [ ! -d '%1$s' ]; then exit 1; fi; ")
        .concat("sleep 0.02; done; ")
        .concat("read status < '%1$s/%%f.told'; rm -f '%1$s/%%f.told'; exit $status")
        .formatted(spool);
  }

  /// From now on nothing is sent; PostgreSQL waits.
  public void hold() {
    held = true;
  }

  public void release() {
    held = false;
  }

  private void pump() {
    try {
      while (!closed) {
        if (!held) {
          waiting().forEach(this::answer);
        }
        Thread.sleep(10);
      }
    } catch (InterruptedException _) {
      // the end
    }
  }

  private List<Path> waiting() {
    try (Stream<Path> files = Files.list(spool)) {
      return files.filter(file -> file.toString().endsWith(ASKED)).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void answer(Path asked) {
    String name = asked.getFileName().toString().replace(ASKED, "");
    try {
      Path file = spool.resolve(name);
      Files.copy(asked, file, StandardCopyOption.REPLACE_EXISTING);
      Optional<Integer> status = push(file);
      if (status.isEmpty()) {
        return;
      }
      Files.delete(asked);
      Path told = Files.writeString(spool.resolve(name + ".telling"), status.get() + "\n");
      Files.setPosixFilePermissions(told, PosixFilePermissions.fromString("rw-rw-rw-"));
      Files.delete(file);
      Files.move(told, spool.resolve(name + ".told"), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Empty where the agent is not there or the store does not answer: PostgreSQL would try again
  /// too, but after three failures only in a minute.
  private Optional<Integer> push(Path file) {
    try {
      client.push(file, IdentityFile.beside(dataDirectory).read().map(Identity::uid));
      return Optional.of(0);
    } catch (PgBackupException e) {
      return e.problem().retryMayHelp() ? Optional.empty() : Optional.of(1);
    }
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    try {
      thread.join();
      Files.createFile(spool.resolve("closed"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
