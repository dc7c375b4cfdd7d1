package io.pgbackup.archive;

import io.pgbackup.engine.WalEngine;
import io.pgbackup.postgres.WalFileName;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/// Hands archived WAL back during recovery. Thread-safe.
public final class WalServer {
  private final Supplier<WalEngine> engine;
  private final Retry retry;
  private final InstantSource clock;

  public WalServer(WalEngine engine, Retry retry, InstantSource clock) {
    this(() -> engine, retry, clock);
  }

  /// @param engine asked at each attempt, because the lineage may change under a running agent;
  ///   throws while none is known
  public WalServer(Supplier<WalEngine> engine, Retry retry, InstantSource clock) {
    this.engine = engine;
    this.retry = retry;
    this.clock = clock;
  }

  /// As it is now.
  WalEngine engine() {
    return engine.get();
  }

  /// @param memory as for the engine
  /// @return the file's plaintext, or nothing only where the store proved that it has none
  /// @throws io.pgbackup.problem.PgBackupException for every other outcome; never absence
  Optional<byte[]> fetch(WalFileName name, IntFunction<byte[]> memory) {
    return retry.call(clock, () -> engine.get().fetch(name, memory));
  }
}
