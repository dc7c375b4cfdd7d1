package io.pgbackup.engine.embedded;

import static java.util.Comparator.comparingLong;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoredObject;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Unpacks several tars at a time; one whose source breaks off is begun again. The first failure
/// ends all.
final class PartWorkers implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PartWorkers.class);
  private static final int ATTEMPTS = 5;
  private static final Duration FIRST_PAUSE = Duration.ofMillis(200);

  private final PartExtraction extraction;
  private final ExecutorService threads;

  PartWorkers(PartExtraction extraction, int parallelism) {
    this.extraction = extraction;
    this.threads =
        Executors.newFixedThreadPool(
            parallelism, Thread.ofPlatform().daemon().name("backup-fetch-", 0).factory());
  }

  /// Returns when all are unpacked. The largest are begun first, so that none of them is the last
  /// that all wait for.
  void extractAll(List<StoredObject> tars) {
    var running = new ExecutorCompletionService<@Nullable Void>(threads);
    tars.stream()
        .sorted(comparingLong(StoredObject::size).reversed())
        .forEach(tar -> running.submit(() -> extract(tar.key()), null));
    try {
      for (int i = 0; i < tars.size(); i++) {
        running.take().get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Interruption.of("fetching a base backup");
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException failure -> throw failure;
        case Error failure -> throw failure;
        case null, default -> throw new IllegalStateException(e);
      }
    }
  }

  private void extract(ObjectKey key) {
    Duration pause = FIRST_PAUSE;
    for (int attempt = 1; ; attempt++) {
      try {
        extraction.extract(key);
        return;
      } catch (PgBackupException e) {
        if (attempt == ATTEMPTS || !e.problem().retryMayHelp()) {
          throw e;
        }
        LOG.atWarn()
            .addKeyValue("key", key)
            .addKeyValue("attempt", attempt)
            .addKeyValue("reason", e.problem().message())
            .log("fetching a tar again");
      }
      rest(pause, key);
      pause = pause.multipliedBy(2);
    }
  }

  private static void rest(Duration pause, ObjectKey key) {
    try {
      Thread.sleep(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Interruption.of("fetching " + key);
    }
  }

  /// Ends what still runs, and waits for it: nothing is written into the directory afterwards.
  @Override
  public void close() {
    threads.shutdownNow();
    threads.close();
  }
}
