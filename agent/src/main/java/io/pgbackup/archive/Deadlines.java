package io.pgbackup.archive;

import java.io.IOException;
import java.nio.channels.Channel;
import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// A Unix-domain channel knows no read timeout. A read ends when somebody else closes the channel,
/// which is what a passed deadline does here. Thread-safe.
final class Deadlines implements AutoCloseable {
  private final ScheduledThreadPoolExecutor timer;

  Deadlines(String threadName) {
    timer =
        new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().name(threadName).daemon().factory());
    timer.setRemoveOnCancelPolicy(true);
  }

  /// Closes the channel unless the returned deadline is closed before.
  Deadline in(Duration limit, Channel channel) {
    return new Deadline(
        timer.schedule(() -> close(channel), limit.toMillis(), TimeUnit.MILLISECONDS));
  }

  record Deadline(ScheduledFuture<?> closing) implements AutoCloseable {
    @Override
    public void close() {
      closing.cancel(false);
    }
  }

  static void close(Channel channel) {
    try {
      channel.close();
    } catch (IOException _) {
      // nothing is lost with a connection that is given up
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
