package io.pgbackup.engine.embedded;

import io.pgbackup.problem.PgBackupException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;

/// A question asked on a thread of its own while something else is done. Closing gives up on it.
final class Answer<T> implements AutoCloseable {
  private final FutureTask<T> task;

  private Answer(FutureTask<T> task) {
    this.task = task;
  }

  static <T> Answer<T> of(String thread, Supplier<T> question) {
    var task = new FutureTask<>(question::get);
    Thread.ofVirtual().name(thread).start(task);
    return new Answer<>(task);
  }

  /// @throws PgBackupException what the question failed with, or that the wait was interrupted
  T await() {
    try {
      return task.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Interruption.of("asking the store");
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException failure -> throw failure;
        case Error failure -> throw failure;
        case null, default -> throw new IllegalStateException(e);
      }
    }
  }

  @Override
  public void close() {
    task.cancel(true);
  }
}
