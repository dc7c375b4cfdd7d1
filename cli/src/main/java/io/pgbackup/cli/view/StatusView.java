package io.pgbackup.cli.view;

import io.pgbackup.status.BackupRunView;
import io.pgbackup.status.StatusSnapshot;
import io.pgbackup.status.StatusSnapshot.StandingProblem;
import io.pgbackup.wording.Sizes;
import io.pgbackup.wording.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// `pgbackup status`: what an agent knows, in a dozen lines. What it does not know has no line.
public final class StatusView {
  private final StatusSnapshot status;
  private final StringBuilder text = new StringBuilder();

  private StatusView(StatusSnapshot status) {
    this.status = status;
  }

  public static String text(StatusSnapshot status) {
    return new StatusView(status).render();
  }

  private String render() {
    text.append(status.cluster().namespace()).append('/').append(status.cluster().name());
    status.uid().ifPresent(uid -> text.append("  ").append(uid));
    text.append('\n');
    line("server", server());
    windows();
    backups();
    line("wal", wal());
    line("schedule", schedule());
    status.drills().ifPresent(this::drills);
    line("store", store());
    status.engines().ifPresent(this::engines);
    line("agent", "%s, as of %s".formatted(status.version(), Times.second(status.at())));
    status.configuration().ifPresent(now -> line("config", configuration(now)));
    status.problems().forEach(this::problem);
    return text.toString();
  }

  private String server() {
    StatusSnapshot.Server server = status.server();
    String about =
        "PostgreSQL"
            + server.pgVersion().map(version -> " " + version).orElse("")
            + server.role().map(role -> ", " + role).orElse("")
            + server.timeline().map(timeline -> ", timeline " + timeline).orElse("");
    return server.reachable() ? about : about + ", does not answer";
  }

  private void windows() {
    status
        .windows()
        .forEach(
            window ->
                line(
                    "restorable",
                    "from %s to before %s"
                        .formatted(Times.exact(window.start()), Times.exact(window.end()))));
    status
        .gaps()
        .forEach(
            gap ->
                line(
                    "missing",
                    "WAL segments %s to %s, %s".formatted(gap.first(), gap.last(), gap.state())));
    status
        .unprotectedSince()
        .ifPresent(since -> line("restorable", "nothing, unprotected " + since(since)));
  }

  private void backups() {
    Optional<String> last =
        status
            .lastBackup()
            .map(
                backup ->
                    "last %s finished %s, %s stored"
                        .formatted(
                            backup.name(),
                            ago(backup.finishTime()),
                            Sizes.human(backup.compressedSize())));
    status
        .backups()
        .ifPresent(count -> line("backups", last.map(it -> count + ", " + it).orElse("none")));
    status.runningBackup().ifPresent(run -> line("running", run(run)));
    status
        .lastRun()
        .filter(run -> run.state() == BackupRunView.State.FAILED)
        .ifPresent(
            run ->
                line(
                    "last run",
                    "failed: " + run.problem().map(it -> it.message()).orElse("no reason known")));
  }

  /// For example `base_000000010000000000000002 copying, 24 MiB read`.
  public static String run(BackupRunView run) {
    String state = run.state().name().toLowerCase(Locale.ROOT).replace('_', ' ');
    return run.backup().map(name -> name + " ").orElse("")
        + state
        + (run.bytes() > 0 ? ", " + Sizes.human(run.bytes()) + " read" : "");
  }

  private String wal() {
    StatusSnapshot.Archive archive = status.archive();
    if (!archive.enabled()) {
      return "let go, not stored (wal.enabled is false): %d segments so far"
          .formatted(archive.discarded());
    }
    String files =
        "%d files stored%s%s"
            .formatted(
                archive.archived(),
                archive.failed() > 0 ? ", " + archive.failed() + " failed" : "",
                archive.refused() > 0 ? ", " + archive.refused() + " refused" : "");
    String lag =
        archive
            .lagSeconds()
            .map(
                seconds ->
                    seconds < 1
                        ? ", nothing waits"
                        : ", the oldest has waited "
                            + Times.span(Duration.ofMillis(Math.round(seconds * 1000))))
            .orElse("");
    return files + lag;
  }

  private String schedule() {
    StatusSnapshot.Schedule schedule = status.schedule();
    return schedule.enabled()
        ? "'%s' %s%s"
            .formatted(
                schedule.crontab(),
                schedule.timeZone()
                    + (schedule.delaySeconds() == 0
                        ? ""
                        : ", %s later"
                            .formatted(Times.span(Duration.ofSeconds(schedule.delaySeconds())))),
                schedule.next().map(next -> ", next " + Times.second(next)).orElse(""))
        : "off (backup.enabled is false)";
  }

  private String store() {
    String operations =
        new TreeMap<>(status.storage().up())
            .entrySet().stream()
                .map(entry -> entry.getKey() + (entry.getValue() ? " works" : " fails"))
                .collect(Collectors.joining(", "));
    return status.storage().url() + (operations.isEmpty() ? "" : ", " + operations);
  }

  private void drills(StatusSnapshot.Drills drills) {
    drills
        .last()
        .ifPresent(
            last ->
                line(
                    "drill",
                    "%s %s on %s%s%s"
                        .formatted(
                            last.passed() ? "passed" : "FAILED",
                            ago(last.at()),
                            last.host(),
                            last.rtoSeconds().map(it -> ", RTO " + span(it)).orElse(""),
                            last.rpoSeconds().map(it -> ", RPO " + span(it)).orElse(""))));
    drills.runningSince().ifPresent(since -> line("drill", "under way " + since(since)));
    if (drills.schedule().enabled()) {
      line(
          "next drill",
          drills.schedule().next().map(Times::second).orElse("not known")
              + drills
                  .overdueSince()
                  .filter(_ -> drills.runningSince().isEmpty())
                  .map(since -> ", overdue " + since(since))
                  .orElse(""));
    }
  }

  private static String span(double seconds) {
    return Times.span(Duration.ofMillis(Math.round(seconds * 1000)));
  }

  private static String configuration(StatusSnapshot.Configuration now) {
    String read = "read " + Times.second(now.loadedAt());
    return now.refused()
        .map(_ -> "as " + read + "; the file was changed, and is refused")
        .orElse(read);
  }

  /// Said only where it is not all embedded, which is what everybody has who chose nothing.
  private void engines(StatusSnapshot.Engines engines) {
    engines
        .walgVersion()
        .ifPresent(
            version -> {
              line(
                  "engines",
                  "base backups %s, WAL %s; wal-g %s%s%s"
                      .formatted(
                          engines.backup(),
                          engines.wal(),
                          version,
                          engines
                              .restarts()
                              .filter(count -> count > 0)
                              .map(count -> ", started again " + count + " times")
                              .orElse(""),
                          engines
                              .peakMemory()
                              .map(bytes -> ", at most " + Sizes.human(bytes) + " of memory")
                              .orElse("")));
              engines.notes().forEach(note -> line("", note));
            });
  }

  private void problem(StandingProblem problem) {
    line(
        "PROBLEM",
        problem.about() + ", " + since(problem.since()) + ": " + problem.problem().message());
    problem.problem().hint().ifPresent(hint -> line("", hint));
  }

  private String since(Instant since) {
    return "since " + Times.second(since);
  }

  private String ago(Instant instant) {
    Duration ago = Duration.between(instant, status.at());
    return ago.isNegative() ? Times.second(instant) : Times.span(ago) + " ago";
  }

  private void line(String label, String content) {
    text.append("  %-10s  %s".formatted(label, content).stripTrailing()).append('\n');
  }
}
