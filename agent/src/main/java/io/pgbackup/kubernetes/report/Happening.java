package io.pgbackup.kubernetes.report;

import io.pgbackup.status.BackupRunView;
import io.pgbackup.status.ProblemView;
import io.pgbackup.status.StatusSnapshot;
import io.pgbackup.status.StatusSnapshot.StandingProblem;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/// Something that becomes an Event: told once when it comes, not while it lasts.
///
/// @param warning otherwise it is good to know
/// @param note without figures that change, so that the same thing reads the same
record Happening(boolean warning, Reason reason, String note) {
  private static final Duration START = Duration.ofMinutes(1);

  /// The word that `kubectl describe` shows, and what the agent was doing.
  enum Reason {
    BASE_BACKUP_COMPLETED("BaseBackupCompleted", "Backup"),
    BASE_BACKUP_FAILED("BaseBackupFailed", "Backup"),
    CORRUPT_PAGES("CorruptPages", "Backup"),
    PAGES_HOLD("PagesHold", "Backup"),
    ARCHIVING_FAILED("ArchivingFailed", "Archive"),
    ARCHIVING_WORKS("ArchivingWorks", "Archive"),
    WAL_BEHIND("WalBehind", "Archive"),
    WAL_VOLUME_FILLING("WalVolumeFilling", "Archive"),
    WAL_CAUGHT_UP("WalCaughtUp", "Archive"),
    DRILL_PASSED("DrillPassed", "Drill"),
    DRILL_FAILED("DrillFailed", "Drill"),
    LINEAGE_RESOLVED("LineageResolved", "Protect"),
    LINEAGE_CONFLICT("LineageConflict", "Protect"),
    CONFIGURATION_REFUSED("ConfigurationRefused", "Configure"),
    CONFIGURATION_TAKEN("ConfigurationTaken", "Configure");

    private final String word;
    private final String action;

    Reason(String word, String action) {
      this.word = word;
      this.action = action;
    }

    String word() {
      return word;
    }

    String action() {
      return action;
    }
  }

  private static Happening good(Reason reason, String note) {
    return new Happening(/* warning= */ false, reason, note);
  }

  private static Happening bad(Reason reason, String note) {
    return new Happening(/* warning= */ true, reason, note);
  }

  /// What came between two looks; at the first look, what is wrong and who this is.
  ///
  /// @param since when the agent began to look: a drill from before is no news
  static List<Happening> between(
      Optional<StatusSnapshot> before, StatusSnapshot now, Instant since) {
    List<Happening> all = new ArrayList<>();
    if (now.uid().isPresent() && !now.uid().equals(before.flatMap(StatusSnapshot::uid))) {
      all.add(
          good(
              Reason.LINEAGE_RESOLVED,
              "the data are of the lineage %s, archived in %s/%s"
                  .formatted(now.uid().get(), now.storage().url(), now.prefix().orElse(""))));
    }
    lineage(before, now).ifPresent(all::add);
    all.addAll(
        comesAndGoes(
            before,
            now,
            status -> problems(status, "configuration"),
            Reason.CONFIGURATION_REFUSED,
            good(Reason.CONFIGURATION_TAKEN, "the configuration is in force as it stands")));
    all.addAll(
        comesAndGoes(
            before,
            now,
            Happening::ofArchiving,
            Reason.ARCHIVING_FAILED,
            good(Reason.ARCHIVING_WORKS, "WAL is stored again")));
    all.addAll(
        comesAndGoes(
            before,
            now,
            status -> problems(status, "pages"),
            Reason.CORRUPT_PAGES,
            good(Reason.PAGES_HOLD, "the newest base backup holds no corrupt page")));
    outage(before, now).ifPresent(all::add);
    run(before, now).ifPresent(all::add);
    drill(before, now, since).ifPresent(all::add);
    return all;
  }

  private static List<ProblemView> problems(StatusSnapshot status, String about) {
    return status.problems().stream()
        .filter(standing -> standing.about().equals(about))
        .map(StandingProblem::problem)
        .toList();
  }

  /// What the server's settings keep from the archive stands beside the segment that was not
  /// stored. A slot that is kept after WAL was streamed is about the stream too, and no failure.
  private static List<ProblemView> ofArchiving(StatusSnapshot status) {
    List<ProblemView> all = new ArrayList<>();
    for (StandingProblem standing : status.problems()) {
      boolean ofArchiving =
          standing.about().equals("wal")
              || (standing.about().equals("stream") && status.archive().stream().isPresent());
      if (ofArchiving && !isOfTheStart(standing, status)) {
        all.add(standing.problem());
      }
    }
    return all;
  }

  /// In a pod the agent starts before the server, and the server archives before it can be asked
  /// who it is.
  private static boolean isOfTheStart(StandingProblem standing, StatusSnapshot status) {
    return status.uid().isEmpty() && !standing.since().isBefore(status.at().minus(START));
  }

  private static Optional<Happening> lineage(Optional<StatusSnapshot> before, StatusSnapshot now) {
    Optional<ProblemView> conflict = now.lineageConflict();
    return conflict.equals(before.flatMap(StatusSnapshot::lineageConflict))
        ? Optional.empty()
        : conflict.map(it -> bad(Reason.LINEAGE_CONFLICT, words(it)));
  }

  private static List<Happening> comesAndGoes(
      Optional<StatusSnapshot> before,
      StatusSnapshot now,
      Function<StatusSnapshot, List<ProblemView>> about,
      Reason came,
      Happening gone) {
    List<ProblemView> then = before.map(about).orElse(List.of());
    List<ProblemView> standing = about.apply(now);
    List<Happening> news =
        standing.stream()
            .filter(Predicate.not(then::contains))
            .map(problem -> bad(came, words(problem)))
            .toList();
    boolean oneWent = !standing.containsAll(then);
    return news.isEmpty() && oneWent && (standing.isEmpty() || hasStored(before, now))
        ? List.of(gone)
        : news;
  }

  private static boolean hasStored(Optional<StatusSnapshot> before, StatusSnapshot now) {
    return !now.archive()
        .lastFileAt()
        .equals(before.flatMap(status -> status.archive().lastFileAt()));
  }

  private static String words(ProblemView problem) {
    return problem.message() + problem.hint().map(hint -> ". " + hint).orElse("");
  }

  private static Optional<Happening> outage(Optional<StatusSnapshot> before, StatusSnapshot now) {
    Function<StatusSnapshot, Optional<String>> state =
        status -> status.archive().outage().map(StatusSnapshot.Outage::state);
    String then = before.flatMap(state).orElse("normal");
    return state
        .apply(now)
        .filter(level -> !level.equals(then))
        .map(
            level ->
                switch (level) {
                  case "behind" ->
                      bad(Reason.WAL_BEHIND, "finished WAL waits for the store in pg_wal");
                  case "critical" ->
                      bad(
                          Reason.WAL_VOLUME_FILLING,
                          "WAL that waits for the store fills the volume of pg_wal. Make the store"
                              + " answer, or the volume greater; delete nothing in pg_wal");
                  default -> good(Reason.WAL_CAUGHT_UP, "what waited in pg_wal is stored");
                });
  }

  private static Optional<Happening> run(Optional<StatusSnapshot> before, StatusSnapshot now) {
    Optional<String> then = before.flatMap(StatusSnapshot::lastRun).map(BackupRunView::id);
    return now.lastRun()
        .filter(run -> !then.equals(Optional.of(run.id())))
        .map(
            run ->
                run.state() == BackupRunView.State.COMPLETED
                    ? good(
                        Reason.BASE_BACKUP_COMPLETED,
                        "base backup %s is stored".formatted(run.backup().orElse("")))
                    : bad(
                        Reason.BASE_BACKUP_FAILED,
                        run.problem().map(Happening::words).orElse("the base backup failed")));
  }

  private static Optional<Happening> drill(
      Optional<StatusSnapshot> before, StatusSnapshot now, Instant since) {
    Function<StatusSnapshot, Optional<StatusSnapshot.Verdict>> last =
        status -> status.drills().flatMap(StatusSnapshot.Drills::last);
    return last.apply(now)
        .filter(verdict -> !verdict.at().isBefore(since))
        .filter(verdict -> !before.flatMap(last).equals(Optional.of(verdict)))
        .map(
            verdict -> {
              String what =
                  "base backup %s was restored on trial on %s"
                      .formatted(verdict.backup(), verdict.host());
              return verdict.passed()
                  ? good(Reason.DRILL_PASSED, what)
                  : bad(Reason.DRILL_FAILED, what + ": " + String.join("; ", verdict.failed()));
            });
  }
}
