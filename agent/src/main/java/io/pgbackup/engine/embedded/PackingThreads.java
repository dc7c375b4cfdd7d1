package io.pgbackup.engine.embedded;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Packs the files that a walk meets on several threads, each with a part of its own. The walk runs
/// on the caller's thread.
final class PackingThreads {
  private static final Logger LOG = LoggerFactory.getLogger(PackingThreads.class);

  /// Files that the walk may be ahead.
  private static final int AHEAD = 256;

  private final int threads;
  private final Supplier<FilePacker> packers;

  PackingThreads(int threads, Supplier<FilePacker> packers) {
    this.threads = threads;
    this.packers = packers;
  }

  /// Returns or fails when all threads have ended; the first failure counts, whichever thread it
  /// came from.
  ///
  /// @return the directories that the walk met, each before its content
  List<Directory> run(DataDirectoryWalk walk) throws IOException, InterruptedException {
    HandOver<SourceFile> files = new HandOver<>(AHEAD);
    List<Directory> directories = new ArrayList<>();
    List<Thread> running = new ArrayList<>();
    try {
      for (int i = 1; i <= threads; i++) {
        running.add(Thread.ofPlatform().name("backup-pack-" + i).start(() -> packUntilEnd(files)));
      }
      walk.walk(new Distribution(files, directories));
      files.end();
      for (Thread thread : running) {
        thread.join();
      }
    } catch (Throwable e) {
      files.fail(e);
    } finally {
      Threads.stop(running);
    }
    if (files.failure().isPresent()) {
      rethrow(files.failure().get());
    }
    return directories;
  }

  /// @param path below the data directory, empty for itself
  record Directory(String path, FileFacts facts) {}

  private record Distribution(HandOver<SourceFile> files, List<Directory> directories)
      implements DataDirectoryWalk.Visitor {
    @Override
    public void directory(String path, FileFacts facts) {
      directories.add(new Directory(path, facts));
    }

    @Override
    public void file(SourceFile file) throws InterruptedException {
      files.put(file);
    }

    @Override
    public void skipped(String path, String reason) {
      LOG.atWarn()
          .addKeyValue("path", path)
          .addKeyValue("reason", reason)
          .log("left out of the base backup");
    }
  }

  private void packUntilEnd(HandOver<SourceFile> files) {
    try (FilePacker packer = packers.get()) {
      for (var next = files.take(); next.isPresent(); next = files.take()) {
        packer.pack(next.get());
      }
      packer.finish();
    } catch (Throwable e) {
      files.fail(e);
    }
  }

  private static void rethrow(Throwable failure) throws IOException, InterruptedException {
    switch (failure) {
      case IOException e -> throw e;
      case InterruptedException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException(failure);
    }
  }
}
