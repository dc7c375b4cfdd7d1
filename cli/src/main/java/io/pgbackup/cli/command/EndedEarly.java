package io.pgbackup.cli.command;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Lets work that was ended by a signal put things in order before the process goes: the thread
/// that does it is interrupted and waited for.
///
/// Closed by that thread when it is done.
final class EndedEarly implements AutoCloseable {
  private static final long MOST_SECONDS = 120;

  private final CountDownLatch done = new CountDownLatch(1);
  private final Thread hook;

  private EndedEarly(Runnable abort, Thread worker) {
    this.hook =
        new Thread(
            () -> {
              worker.interrupt();
              abort.run();
              await();
            },
            "put-in-order");
  }

  /// @param abort ends what does not hear an interrupt; called by another thread
  static EndedEarly by(Runnable abort) {
    EndedEarly ended = new EndedEarly(abort, Thread.currentThread());
    Runtime.getRuntime().addShutdownHook(ended.hook);
    return ended;
  }

  private void await() {
    try {
      // without its answer the process would never end
      var _ = done.await(MOST_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    done.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException _) {
      // the process is going
    }
  }
}
