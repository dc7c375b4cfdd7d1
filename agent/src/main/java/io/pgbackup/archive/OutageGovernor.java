package io.pgbackup.archive;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/// Judges how near WAL that cannot be stored is to filling the server's volume. It only judges:
/// nothing is ever dropped, or acknowledged, because room runs out.
///
/// Whoever came into a level leaves it only with a distance, so that a backlog that stays at a
/// limit changes nothing. Not thread-safe; asks nobody for anything.
public final class OutageGovernor {
  /// From the best to the worst.
  public enum Level {
    /// WAL reaches the store as it is finished.
    NORMAL,
    /// Finished WAL waits.
    BEHIND,
    /// Finished WAL waits, and at the rate at which it grows the volume is full soon.
    CRITICAL
  }

  /// What is known at one moment.
  ///
  /// @param at later than the ones before
  /// @param waiting how long the oldest finished segment has been missing from the store
  /// @param backlog bytes of WAL that are not in the store
  /// @param free bytes on the volume of `pg_wal`; empty where the agent cannot see it
  public record Reading(Instant at, Duration waiting, long backlog, Optional<Long> free) {}

  /// @param since when it came to this level
  /// @param untilFull at the rate at which the backlog grew lately; empty where it does not grow,
  ///   or nobody knows
  public record Outage(
      Level level, Instant since, Optional<Long> free, Optional<Duration> untilFull) {}

  static final Duration BEHIND_FROM = Duration.ofMinutes(2);
  static final Duration NORMAL_FROM = Duration.ofSeconds(30);
  static final Duration CRITICAL_FROM = Duration.ofHours(1);
  static final Duration BEHIND_AGAIN_FROM = Duration.ofHours(2);

  /// Growth is measured over this time, so that one burst of writes is no trend.
  static final Duration TREND = Duration.ofMinutes(5);

  /// Less says nothing about a rate.
  static final Duration SHORTEST_TREND = Duration.ofMinutes(1);

  private record Sample(Instant at, long backlog) {}

  private final Deque<Sample> samples = new ArrayDeque<>();
  private Level level = Level.NORMAL;
  private Instant since = Instant.MIN;

  /// Takes a reading into account.
  public Outage observe(Reading now) {
    samples.addLast(new Sample(now.at(), now.backlog()));
    while (samples.getFirst().at().isBefore(now.at().minus(TREND))) {
      samples.removeFirst();
    }
    Optional<Duration> untilFull = now.free().flatMap(this::untilFull);
    Level next = next(now, untilFull);
    if (next != level || since.equals(Instant.MIN)) {
      since = now.at();
    }
    level = next;
    return new Outage(level, since, now.free(), untilFull);
  }

  private Level next(Reading now, Optional<Duration> untilFull) {
    boolean waits = now.waiting().compareTo(level == Level.NORMAL ? BEHIND_FROM : NORMAL_FROM) >= 0;
    if (!waits) {
      return Level.NORMAL;
    }
    if (level == Level.CRITICAL && (now.free().isEmpty() || span().compareTo(SHORTEST_TREND) < 0)) {
      // not seeing it is no reason to call it off
      return Level.CRITICAL;
    }
    Duration limit = level == Level.CRITICAL ? BEHIND_AGAIN_FROM : CRITICAL_FROM;
    return untilFull.filter(left -> left.compareTo(limit) < 0).isPresent()
        ? Level.CRITICAL
        : Level.BEHIND;
  }

  private Duration span() {
    return Duration.between(samples.getFirst().at(), samples.getLast().at());
  }

  private Optional<Duration> untilFull(long free) {
    long growth = samples.getLast().backlog() - samples.getFirst().backlog();
    if (span().compareTo(SHORTEST_TREND) < 0 || growth <= 0) {
      return Optional.empty();
    }
    double bytesPerMilli = (double) growth / span().toMillis();
    return Optional.of(Duration.ofMillis((long) (free / bytesPerMilli)));
  }
}
