package io.pgbackup.restore;

import static java.util.Comparator.comparing;

import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.catalog.RecoveryWindow;
import io.pgbackup.problem.Problem;
import java.time.Instant;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/// Says why no lineage reaches a target, and which instants nearby can be restored.
record TargetRefusal(ZoneId local) {
  Problem explain(List<LineageCatalog> lineages, RecoveryTarget target) {
    return switch (target) {
      case RecoveryTarget.AtTime(Instant instant) -> explain(lineages, instant);
      case RecoveryTarget.Latest() -> nothingAtAll(lineages);
    };
  }

  private Problem explain(List<LineageCatalog> lineages, Instant instant) {
    List<RecoveryWindow> windows =
        lineages.stream()
            .flatMap(catalog -> catalog.windows().stream())
            .sorted(comparing(RecoveryWindow::start))
            .toList();
    if (windows.isEmpty()) {
      return nothingAtAll(lineages);
    }
    Optional<Instant> before =
        windows.stream()
            .filter(window -> !window.end().isAfter(instant))
            .map(TargetRefusal::lastRestorable)
            .max(Instant::compareTo);
    Optional<Instant> after =
        windows.stream()
            .map(RecoveryWindow::start)
            .filter(start -> start.isAfter(instant))
            .map(TargetRefusal::upToMicros)
            .min(Instant::compareTo);
    String asked = Moments.both(instant, local);
    if (before.isEmpty()) {
      return Problem.refused(
          asked + " is before the recovery window",
          "The earliest instant that can be restored is "
              + Moments.both(after.orElseThrow(), local)
              + ".");
    }
    if (after.isEmpty()) {
      return Problem.refused(
          asked
              + " is not before the last archived commit, so nobody can tell whether all of it is"
              + " there",
          "The latest instant that can be restored is %s; --latest gives everything that was archived."
              .formatted(Moments.both(before.get(), local)));
    }
    return Problem.refused(
        asked + " lies between two recovery windows",
        "The nearest instants that can be restored are %s and %s."
            .formatted(Moments.both(before.get(), local), Moments.both(after.get(), local)));
  }

  /// A window's end is a commit's time, in microseconds, and exclusive.
  private static Instant lastRestorable(RecoveryWindow window) {
    Instant last = window.end().minus(1, ChronoUnit.MICROS).truncatedTo(ChronoUnit.MICROS);
    return last.isBefore(window.start()) ? window.start() : last;
  }

  /// The instant is printed in microseconds and must still lie inside.
  private static Instant upToMicros(Instant start) {
    Instant cut = start.truncatedTo(ChronoUnit.MICROS);
    return cut.equals(start) ? start : cut.plus(1, ChronoUnit.MICROS);
  }

  private static Problem nothingAtAll(List<LineageCatalog> lineages) {
    LineageCatalog first = lineages.getFirst();
    String cluster = first.lineage().cluster().toString();
    if (lineages.stream().allMatch(catalog -> catalog.backups().isEmpty())) {
      return Problem.refused(
          "cluster " + cluster + " has no base backup yet",
          "Take one with 'pgbackup backup'; restores start from there.");
    }
    return Problem.refused(
        "no commit was archived after the newest base backup of cluster " + cluster,
        "Use --latest, or wait until the next commit is archived.");
  }
}
