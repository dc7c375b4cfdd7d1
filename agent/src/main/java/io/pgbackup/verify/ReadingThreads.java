package io.pgbackup.verify;

import io.pgbackup.problem.Problem;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// Reads several objects at a time. Thread-safe.
final class ReadingThreads implements AutoCloseable {
  private final ExecutorService threads;

  /// @param parallelism at least 1
  ReadingThreads(int parallelism) {
    this.threads =
        Executors.newFixedThreadPool(
            parallelism, Thread.ofPlatform().daemon().name("verify-", 0).factory());
  }

  /// Returns when all have run; the first failure ends the waiting, and [#close] the others.
  void all(List<Runnable> work) {
    var running = new ExecutorCompletionService<Boolean>(threads);
    work.forEach(each -> running.submit(each, true));
    for (int i = 0; i < work.size(); i++) {
      try {
        result(running.take());
      } catch (InterruptedException e) {
        throw interrupted(e);
      }
    }
  }

  <T> Future<T> begin(Callable<T> work) {
    return threads.submit(work);
  }

  static <T> T result(Future<T> future) {
    try {
      return future.get();
    } catch (InterruptedException e) {
      throw interrupted(e);
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException failure -> throw failure;
        case Error failure -> throw failure;
        case null, default -> throw new IllegalStateException(e);
      }
    }
  }

  private static RuntimeException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return Problem.storageFailed("reading was interrupted", "Run the command again.").causedBy(e);
  }

  @Override
  public void close() {
    threads.shutdownNow();
    threads.close();
  }
}
