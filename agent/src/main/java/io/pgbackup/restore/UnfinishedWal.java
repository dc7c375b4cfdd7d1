package io.pgbackup.restore;

import io.pgbackup.engine.WalEngine;
import io.pgbackup.engine.tail.Tail;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;

/// Lets recovery go on behind the last whole segment, into what was streamed of the one after it.
/// Zeros follow, which PostgreSQL takes for the end of WAL. Thread-safe.
final class UnfinishedWal implements WalEngine {
  private final WalEngine engine;
  private final RestorePlan plan;
  private final AtomicReference<Optional<Tail>> served = new AtomicReference<>(Optional.empty());

  UnfinishedWal(WalEngine engine, RestorePlan plan) {
    this.engine = engine;
    this.plan = plan;
  }

  @Override
  public Pushed push(WalFileName name, byte[] content) {
    return engine.push(name, content);
  }

  @Override
  public Optional<byte[]> fetch(WalFileName name) {
    return fetch(name, byte[]::new);
  }

  @Override
  public Optional<byte[]> fetch(WalFileName name, IntFunction<byte[]> memory) {
    Optional<byte[]> whole = engine.fetch(name, memory);
    if (whole.isPresent() || !(name instanceof WalFileName.Segment)) {
      return whole;
    }
    WalSegment segment = WalSegment.parse(name.text(), plan.segmentSize());
    if (!plan.wal().isEmpty() && segment.start().isBefore(plan.wal().last().end())) {
      // a hole is a hole, even where a part of it was streamed
      return Optional.empty();
    }
    Optional<Tail> tail = engine.unfinished(segment);
    if (tail.isPresent()) {
      served.set(tail);
    }
    return tail.map(Tail::content);
  }

  /// What recovery was given last of a segment that is not whole.
  Optional<Tail> served() {
    return served.get();
  }
}
