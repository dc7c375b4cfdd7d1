package io.pgbackup.telemetry;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.time.Instant;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/// What became of the last request of each kind that this process sent to the store, and of all.
///
/// Thread-safe.
public final class StoreHealth {
  /// Kinds of requests, named as the metric's label has them in lower case.
  public enum Operation {
    LIST,
    READ,
    WRITE
  }

  /// @param problem empty where the store answered
  public record Outcome(Instant at, Optional<Problem> problem) {
    public boolean up() {
      return problem.isEmpty();
    }
  }

  /// Since the process started.
  ///
  /// @param answered also with an answer that nobody likes
  public record Count(long answered, long failed) {
    private Count plus(Outcome one) {
      return one.up() ? new Count(answered + 1, failed) : new Count(answered, failed + 1);
    }
  }

  private final InstantSource clock;
  private final Map<Operation, Count> counts = new EnumMap<>(Operation.class);
  private final Map<Operation, Outcome> outcomes = new EnumMap<>(Operation.class);

  public StoreHealth(InstantSource clock) {
    this.clock = clock;
  }

  /// Kinds that were never tried are left out.
  public synchronized Map<Operation, Outcome> outcomes() {
    return new EnumMap<>(outcomes);
  }

  /// Kinds that were never tried are left out.
  public synchronized Map<Operation, Count> counts() {
    return new EnumMap<>(counts);
  }

  <T> T watch(Operation operation, Supplier<T> request) {
    try {
      T answer = request.get();
      answered(operation);
      return answer;
    } catch (PgBackupException e) {
      failed(operation, e.problem());
      throw e;
    }
  }

  void answered(Operation operation) {
    record(operation, Optional.empty());
  }

  /// An answer that we do not like is an answer: only failures of the store itself, or of our way
  /// into it, count.
  void failed(Operation operation, Problem problem) {
    switch (problem) {
      case Problem.StorageFailed _, Problem.Misconfigured _, Problem.TimedOut _ ->
          record(operation, Optional.of(problem));
      case Problem.NotFound _,
          Problem.Refused _,
          Problem.VerificationFailed _,
          Problem.PostgresFailed _,
          Problem.Bug _ ->
          answered(operation);
    }
  }

  private synchronized void record(Operation operation, Optional<Problem> problem) {
    Outcome outcome = new Outcome(clock.instant(), problem);
    outcomes.put(operation, outcome);
    counts.merge(operation, new Count(0, 0).plus(outcome), (before, _) -> before.plus(outcome));
  }
}
