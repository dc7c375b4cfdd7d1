package io.pgbackup.archive;

import io.pgbackup.engine.WalEngine;
import io.pgbackup.postgres.WalFileName;
import java.time.InstantSource;
import java.util.Optional;

/// Hands archived WAL back during recovery. Thread-safe.
public final class WalServer {
  private final WalEngine engine;
  private final Retry retry;
  private final InstantSource clock;

  public WalServer(WalEngine engine, Retry retry, InstantSource clock) {
    this.engine = engine;
    this.retry = retry;
    this.clock = clock;
  }

  /// @return the file's plaintext, or nothing only where the store proved that it has none
  /// @throws io.pgbackup.problem.PgBackupException for every other outcome; never absence
  public Optional<byte[]> fetch(WalFileName name) {
    return retry.call(clock, () -> engine.fetch(name));
  }
}
