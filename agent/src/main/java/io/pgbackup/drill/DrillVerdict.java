package io.pgbackup.drill;

import io.pgbackup.drill.DrillCheck.Result;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What a drill proved. Immutable.
///
/// @param at when it began
/// @param host where it ran
/// @param target the instant that was restored; empty for everything that was archived
/// @param backup the base backup that it began with
/// @param restoredTo time of the last commit in the restored data, where one was replayed
/// @param recoveryTime from the first byte fetched until the restored server accepted connections,
///   checks left out; empty where it came not so far. What is called RTO
/// @param dataLoss from the last commit that could have been restored to the drill's begin: what
///   would have been lost with the server at that moment; empty where no commit is archived. What
///   is called RPO
/// @param bytes of the restored base backup, where its sentinel says so
public record DrillVerdict(
    Instant at,
    String host,
    String cluster,
    String uid,
    Optional<Instant> target,
    String backup,
    Optional<Instant> restoredTo,
    Optional<Duration> recoveryTime,
    Optional<Duration> dataLoss,
    Optional<Long> bytes,
    List<DrillCheck> checks) {
  public DrillVerdict {
    checks = List.copyOf(checks);
  }

  public boolean passed() {
    return checks.stream().noneMatch(check -> check.result() == Result.FAILED);
  }
}
