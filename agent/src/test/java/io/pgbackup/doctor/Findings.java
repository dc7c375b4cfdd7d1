package io.pgbackup.doctor;

import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

/// Runs groups and shows what they found as lines of `group check: verdict found -> remedy`.
record Findings(List<Finding> all) {
  static Findings of(CheckGroup... groups) {
    return new Findings(new Examination(Duration.ofSeconds(10), _ -> {}).run(List.of(groups)));
  }

  Outcome of(String check) {
    return all.stream()
        .filter(finding -> finding.check().equals(check))
        .map(Finding::outcome)
        .findFirst()
        .orElseThrow(() -> new AssertionError("no check " + check + " in\n" + this));
  }

  /// The names of the checks that ended so.
  List<String> names(Class<? extends Outcome> kind) {
    return all.stream()
        .filter(finding -> kind.isInstance(finding.outcome()))
        .map(Finding::check)
        .toList();
  }

  @Override
  public String toString() {
    return all.stream()
        .map(finding -> finding.group().word() + " " + finding.check() + ": " + finding.outcome())
        .collect(Collectors.joining("\n"));
  }
}
