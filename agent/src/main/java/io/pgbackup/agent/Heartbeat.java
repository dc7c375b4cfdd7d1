package io.pgbackup.agent;

import io.pgbackup.postgres.Lsn;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Decides when a server is so idle that it needs a commit of ours: without commits the end of the
/// recovery window stands still, and nobody can tell an idle database from an archive that lags.
///
/// Not thread-safe.
final class Heartbeat {
  static final Duration INTERVAL = Duration.ofMinutes(5);

  /// A server that writes more than this in an interval has commits of its own.
  private static final long IDLE_BYTES = 1 << 20;

  private @Nullable Instant since;
  private Lsn position = Lsn.ZERO;

  boolean due(Instant now, Lsn current) {
    if (since == null) {
      since = now;
      position = current;
      return false;
    }
    if (now.isBefore(since.plus(INTERVAL))) {
      return false;
    }
    boolean idle = current.minus(position) < IDLE_BYTES;
    since = now;
    position = current;
    return idle;
  }
}
