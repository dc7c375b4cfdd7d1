package io.pgbackup.testing;

import io.pgbackup.engine.WalEngine;
import io.pgbackup.postgres.WalFileName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;

/// Stands for the agent's archiving where a test is about something else: PostgreSQL's archive
/// command puts finished WAL into a folder, and a thread pushes it from there to the store. A test
/// may hold it back.
public final class ArchivePump implements AutoCloseable {
  private final Path spool;
  private final WalEngine engine;
  private final Thread thread;
  private volatile boolean held;
  private volatile boolean closed;

  /// @param spool a new folder, enterable by the server's user
  public ArchivePump(Path spool, WalEngine engine) {
    this.spool = newFolder(spool);
    this.engine = engine;
    this.thread = Thread.ofPlatform().name("archive-pump").start(this::pump);
  }

  private static Path newFolder(Path folder) {
    try {
      Files.createDirectory(folder);
      return Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// For `archive_command`.
  public String archiveCommand() {
    return "cp %%p '%1$s/%%f.part' && mv '%1$s/%%f.part' '%1$s/%%f'".formatted(spool);
  }

  /// From now on nothing reaches the store, although the archive command succeeds.
  public void hold() {
    held = true;
  }

  /// What was held back goes to the store after all.
  public void release() {
    held = false;
  }

  private void pump() {
    while (!closed) {
      if (!held) {
        waiting().forEach(this::push);
      }
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private List<Path> waiting() {
    try (Stream<Path> files = Files.list(spool)) {
      return files
          .filter(file -> WalFileName.tryParse(file.getFileName().toString()).isPresent())
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void push(Path file) {
    try {
      engine.push(WalFileName.parse(file.getFileName().toString()), Files.readAllBytes(file));
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    closed = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
