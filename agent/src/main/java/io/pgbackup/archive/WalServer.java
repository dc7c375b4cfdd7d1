package io.pgbackup.archive;

import io.pgbackup.engine.WalEngine;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.telemetry.Taken;
import io.pgbackup.telemetry.Timings;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/// Hands archived WAL back during recovery. Thread-safe.
public final class WalServer {
  private final Supplier<WalEngine> engine;
  private final Retry retry;
  private final InstantSource clock;
  private final Timings<FetchResult> durations = new Timings<>(FetchResult.class);

  /// Named as the metric's label has them in lower case.
  public enum FetchResult {
    AHEAD,
    FETCHED,
    ABSENT,
    FAILED
  }

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

  /// @param ahead looked at first: what was fetched before anybody asked
  /// @param memory as for the engine
  /// @return the file's plaintext, or nothing only where the store proved that it has none
  /// @throws io.pgbackup.problem.PgBackupException for every other outcome; never absence
  Optional<Fetched> fetch(
      WalFileName name, Supplier<Optional<Fetched>> ahead, IntFunction<byte[]> memory) {
    long since = System.nanoTime();
    FetchResult result = FetchResult.FAILED;
    try {
      Optional<Fetched> there = ahead.get();
      if (there.isPresent()) {
        result = FetchResult.AHEAD;
        return there;
      }
      Optional<byte[]> content = retry.call(clock, () -> engine.get().fetch(name, memory));
      result = content.isPresent() ? FetchResult.FETCHED : FetchResult.ABSENT;
      return content.map(Fetched.InMemory::new);
    } finally {
      durations.ended(result, since);
    }
  }

  /// How long fetching took, by how it ended.
  public Map<FetchResult, Taken> durations() {
    return durations.taken();
  }
}
