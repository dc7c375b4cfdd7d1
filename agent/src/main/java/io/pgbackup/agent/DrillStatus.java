package io.pgbackup.agent;

import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.drill.DrillCheck;
import io.pgbackup.drill.DrillVerdict;
import io.pgbackup.status.StatusSnapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// What a person sees of drills. Pure.
final class DrillStatus {
  private DrillStatus() {}

  static StatusSnapshot.Drills of(
      PgBackupConfig config,
      Optional<Drills.View> own,
      Optional<DrillVerdict> last,
      Optional<Instant> next) {
    return new StatusSnapshot.Drills(
        new StatusSnapshot.Schedule(
            config.drill().enabled(),
            config.drill().schedule().toString(),
            config.drill().timeZone().getId(),
            config.drillTiming().delay().toSeconds(),
            next),
        own.flatMap(Drills.View::runningSince),
        own.flatMap(Drills.View::overdueSince),
        last.map(DrillStatus::verdict));
  }

  private static StatusSnapshot.Verdict verdict(DrillVerdict verdict) {
    return new StatusSnapshot.Verdict(
        verdict.at(),
        verdict.passed(),
        verdict.host(),
        verdict.backup(),
        verdict.restoredTo(),
        verdict.recoveryTime().map(DrillStatus::seconds),
        verdict.dataLoss().map(DrillStatus::seconds),
        verdict.checks().stream()
            .filter(check -> check.result() == DrillCheck.Result.FAILED)
            .map(check -> check.name() + ": " + check.found())
            .toList());
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1e3;
  }
}
