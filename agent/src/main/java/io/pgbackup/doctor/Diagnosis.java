package io.pgbackup.doctor;

import io.pgbackup.problem.ExitStatus;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// What was found, all of it.
///
/// @param profile what the store can, where it was asked
public record Diagnosis(List<Finding> findings, Optional<StorageProfile> profile) {
  /// The gravest first: what may lose or mix up data, then what keeps backups from being taken.
  private static final List<ExitStatus> BY_GRAVITY =
      List.of(
          ExitStatus.BUG,
          ExitStatus.REFUSED,
          ExitStatus.VERIFICATION,
          ExitStatus.STORAGE,
          ExitStatus.POSTGRES,
          ExitStatus.USAGE,
          ExitStatus.TIMED_OUT,
          ExitStatus.NOT_FOUND);

  public Diagnosis {
    findings = List.copyOf(findings);
  }

  /// `DONE` where nothing failed, otherwise that of the gravest failure.
  public ExitStatus status() {
    return findings.stream()
        .map(Finding::outcome)
        .flatMap(
            outcome ->
                outcome instanceof Outcome.Fail fail
                    ? Optional.of(ExitStatus.of(fail.problem())).stream()
                    : Optional.<ExitStatus>empty().stream())
        .min(Comparator.comparingInt(BY_GRAVITY::indexOf))
        .orElse(ExitStatus.DONE);
  }

  public long count(Class<? extends Outcome> kind) {
    return findings.stream().map(Finding::outcome).filter(kind::isInstance).count();
  }
}
