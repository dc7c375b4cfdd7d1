package io.pgbackup.page;

import io.pgbackup.catalog.GapState;
import io.pgbackup.status.BackupRunView;
import io.pgbackup.status.Page;
import io.pgbackup.status.StatusSnapshot;
import io.pgbackup.wording.Sizes;
import io.pgbackup.wording.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// One page that answers, from the top: can this cluster be restored, to which moments, what stands
/// in the way, what runs, what comes next. A browser loads it again by itself.
public final class StatusPage {
  /// Base backups in the table; the command line lists all.
  public static final int BACKUPS = 20;

  private static final int SECONDS_UNTIL_RELOAD = 15;

  private final StatusSnapshot status;
  private final List<StatusSnapshot.Backup> backups;
  private final Html html = new Html();

  private StatusPage(StatusSnapshot status, List<StatusSnapshot.Backup> backups) {
    this.status = status;
    this.backups = backups;
  }

  /// @param backups the newest first, at most [#BACKUPS]
  public static Page of(StatusSnapshot status, List<StatusSnapshot.Backup> backups) {
    return new Page(new StatusPage(status, backups).render(), PageStyle.POLICY);
  }

  private String render() {
    html.markup("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">")
        .markup("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
        .markup("<meta http-equiv=\"refresh\" content=\"" + SECONDS_UNTIL_RELOAD + "\">")
        .element("title", name() + " - pgbackup")
        .markup("<style>" + PageStyle.CSS + "</style></head><body><main>");
    head();
    problems();
    windows();
    now();
    backups();
    about();
    html.markup("</main></body></html>\n");
    return html.toString();
  }

  private String name() {
    return status.cluster().namespace() + "/" + status.cluster().name();
  }

  private void head() {
    Headline headline = Headline.of(status);
    html.markup("<header>")
        .element("p", "cluster", name())
        .element("h1", headline.level().style(), headline.words())
        .element("p", "detail", headline.detail())
        .markup("</header>");
  }

  private void problems() {
    if (status.problems().isEmpty()) {
      return;
    }
    html.markup("<section>").element("h2", "What stands in the way").markup("<ul class=problems>");
    for (StatusSnapshot.StandingProblem problem : status.problems()) {
      html.markup("<li>")
          .element("b", problem.about())
          .text(" " + problem.problem().message())
          .element("small", " since " + Times.second(problem.since()));
      problem.problem().hint().ifPresent(hint -> html.element("p", hint));
      html.markup("</li>");
    }
    html.markup("</ul></section>");
  }

  private void windows() {
    html.markup("<section>").element("h2", "What can be restored");
    if (status.windows().isEmpty()) {
      html.element("p", nothingRestorable());
    } else {
      html.markup(WindowDrawing.of(status, backups));
      html.markup("<ul>");
      for (StatusSnapshot.Window window : status.windows()) {
        html.markup("<li>every moment from ")
            .element("time", Times.second(window.start()))
            .text(" to before ")
            .element("time", Times.second(window.end()))
            .text(
                " (%s, timeline %d)"
                    .formatted(
                        Times.span(Duration.between(window.start(), window.end())),
                        window.timeline()))
            .markup("</li>");
      }
      html.markup("</ul>");
    }
    if (!status.gaps().isEmpty()) {
      html.element("h3", "WAL that is missing").markup("<ul>");
      status
          .gaps()
          .forEach(
              gap ->
                  html.element(
                      "li",
                      "segments %s to %s: %s".formatted(gap.first(), gap.last(), words(gap))));
      html.markup("</ul>");
    }
    html.markup("</section>");
  }

  /// What nobody knows of is one.
  static boolean isLoss(StatusSnapshot.Gap gap) {
    return GapState.ofWord(gap.state()).map(GapState::isLoss).orElse(true);
  }

  private static String words(StatusSnapshot.Gap gap) {
    return GapState.ofWord(gap.state())
        .map(
            state ->
                switch (state) {
                  case OPEN ->
                      "lost, and nothing behind it can be restored before a new base backup";
                  case CLOSED -> "lost; a base backup begins behind it";
                  case ACKNOWLEDGED -> "lost, which is known";
                  case LET_GO -> "let go, with wal.enabled: false";
                  case EXPIRED -> "let go by the retention rules";
                })
        .orElse(gap.state());
  }

  private String nothingRestorable() {
    return status.catalogReadAt().isEmpty()
        ? "The archive has not been read yet."
        : "Nothing yet: no base backup with its WAL is in the archive.";
  }

  private void now() {
    html.markup("<section>").element("h2", "Now and next").markup("<dl>");
    item("WAL", wal());
    status.runningBackup().ifPresent(this::running);
    status
        .lastRun()
        .filter(run -> run.state() == BackupRunView.State.FAILED)
        .flatMap(BackupRunView::problem)
        .ifPresent(problem -> item("Last base backup", "failed: " + problem.message()));
    item("Next base backup", next(status.schedule(), "backup.enabled"));
    status.drills().ifPresent(this::drills);
    status.retention().ifPresent(this::retention);
    html.markup("</dl></section>");
  }

  private String wal() {
    StatusSnapshot.Archive archive = status.archive();
    if (!archive.enabled()) {
      return "let go, not stored: wal.enabled is false";
    }
    String lag =
        archive
            .lagSeconds()
            .map(
                seconds ->
                    seconds < 1
                        ? "nothing waits"
                        : "the oldest finished segment has waited "
                            + Times.span(Duration.ofMillis(Math.round(seconds * 1000))))
            .orElse("how much waits is not known");
    String last =
        archive.lastFileAt().map(at -> "; last stored " + ago(at)).orElse("; none stored yet");
    String full =
        archive
            .outage()
            .flatMap(StatusSnapshot.Outage::secondsUntilFull)
            .map(
                left ->
                    "; at this rate its volume is full in " + Times.span(Duration.ofSeconds(left)))
            .orElse("");
    return lag
        + full
        + last
        + count(archive.failed(), "failed")
        + count(archive.refused(), "refused");
  }

  private static String count(long files, String what) {
    return files == 0 ? "" : ", %d %s since the agent started".formatted(files, what);
  }

  private void running(BackupRunView run) {
    html.element("dt", "Base backup")
        .markup("<dd>")
        .text(
            "%s, %s read in %s "
                .formatted(
                    run.state().name().toLowerCase(Locale.ROOT).replace('_', ' '),
                    Sizes.human(run.bytes()),
                    Times.span(positive(Duration.between(run.startedAt(), status.at())))));
    status
        .lastBackup()
        .map(StatusSnapshot.Backup::uncompressedSize)
        .filter(size -> size > 0)
        .ifPresent(
            size ->
                html.markup(
                        "<progress max=\"%d\" value=\"%d\">"
                            .formatted(size, Math.min(size, run.bytes())))
                    .text("of about " + Sizes.human(size))
                    .markup("</progress>")
                    .text(" of about " + Sizes.human(size) + ", as the last one"));
    html.markup("</dd>");
  }

  private void drills(StatusSnapshot.Drills drills) {
    drills
        .last()
        .ifPresent(
            last -> {
              html.element("dt", "Last restore on trial").markup("<dd>");
              html.element(
                      "span", last.passed() ? "good" : "bad", last.passed() ? "passed" : "failed")
                  .text(" ")
                  .element("time", Times.second(last.at()))
                  .element("small", " " + ago(last.at()))
                  .text(
                      " on %s%s%s"
                          .formatted(
                              last.host(),
                              last.rtoSeconds().map(it -> "; ready after " + span(it)).orElse(""),
                              last.rpoSeconds()
                                  .map(it -> ", last commit " + span(it) + " before")
                                  .orElse("")));
              last.failed().forEach(check -> html.element("p", check));
              html.markup("</dd>");
            });
    drills
        .runningSince()
        .ifPresent(since -> item("Restore on trial", "under way, began " + ago(since)));
    if (drills.schedule().enabled()) {
      String late =
          drills
              .overdueSince()
              .filter(_ -> drills.runningSince().isEmpty())
              .map(since -> "; overdue since " + Times.second(since))
              .orElse("");
      item("Next restore on trial", next(drills.schedule(), "drill.enabled") + late);
    }
  }

  private void retention(StatusSnapshot.Retention retention) {
    String late =
        retention.overdueSince().map(since -> "; not done since " + Times.second(since)).orElse("");
    item(
        "Next retention",
        retention.schedule().enabled()
            ? next(retention.schedule(), "") + late
            : "by a job: retention.run is job");
  }

  private static String span(double seconds) {
    return Times.span(Duration.ofMillis(Math.round(seconds * 1000)));
  }

  private static String next(StatusSnapshot.Schedule schedule, String key) {
    return schedule.enabled()
        ? schedule.next().map(Times::second).orElse("not known")
            + " (%s, %s%s)".formatted(schedule.crontab(), schedule.timeZone(), later(schedule))
        : "none: " + key + " is false";
  }

  private static String later(StatusSnapshot.Schedule schedule) {
    return schedule.delaySeconds() == 0
        ? ""
        : ", " + Times.span(Duration.ofSeconds(schedule.delaySeconds())) + " later";
  }

  private void backups() {
    if (backups.isEmpty()) {
      return;
    }
    html.markup("<section>")
        .element("h2", "Base backups")
        // the name is longest and says least: where there is no room, it is the one to be scrolled
        // to
        .markup("<div class=wide><table><thead><tr><th>finished<th>restored on trial<th>kind")
        .markup("<th class=number>data<th class=number>stored<th>name</thead><tbody>");
    for (StatusSnapshot.Backup backup : backups) {
      html.markup("<tr><td>")
          .element("time", Times.second(backup.finishTime()))
          .element("small", " " + ago(backup.finishTime()))
          .markup("<td>");
      backup
          .corruptPages()
          .filter(count -> count > 0)
          .ifPresent(
              count ->
                  html.element(
                          "span", "bad", count + (count == 1 ? " page" : " pages") + " corrupt")
                      .text(" "));
      backup.proof().ifPresent(this::proof);
      html.element("td", backup.name().contains("_D_") ? "delta" : "full")
          .element("td", "number", Sizes.human(backup.uncompressedSize()))
          .element("td", "number", Sizes.human(backup.compressedSize()))
          .element("td", "name", backup.name());
    }
    html.markup("</tbody></table></div>");
    status
        .backups()
        .filter(all -> all > backups.size())
        .ifPresent(
            all ->
                html.element(
                    "p", "%d of %d; pgbackup backups lists all.".formatted(backups.size(), all)));
    html.markup("</section>");
  }

  private void proof(StatusSnapshot.Proof proof) {
    html.element("span", proof.passed() ? "good" : "bad", proof.passed() ? "passed " : "failed ")
        .element("time", Times.second(proof.at()))
        .element("small", " " + ago(proof.at()));
  }

  private void about() {
    html.markup("<section>").element("h2", "About").markup("<dl>");
    StatusSnapshot.Server server = status.server();
    item(
        "Server",
        "PostgreSQL"
            + server.pgVersion().map(version -> " " + version).orElse("")
            + server.role().map(role -> ", " + role).orElse("")
            + server.timeline().map(timeline -> ", timeline " + timeline).orElse("")
            + (server.reachable() ? "" : ", does not answer"));
    item("Store", status.storage().url());
    status.prefix().ifPresent(prefix -> item("Folder", prefix));
    status.uid().ifPresent(uid -> item("UID", uid));
    status.storage().credential().ifPresent(credential -> item("Credential", words(credential)));
    status
        .engines()
        .ifPresent(
            engines -> {
              item(
                  "Engines",
                  "base backups %s, WAL %s".formatted(engines.backup(), engines.wal())
                      + engines.walgVersion().map(version -> "; wal-g " + version).orElse(""));
              engines.notes().forEach(note -> item("", note));
            });
    item("Agent", status.version() + ", as of " + Times.second(status.at()));
    html.markup("</dl></section>");
  }

  private String words(StatusSnapshot.Credential credential) {
    String role = credential.role().map(name -> name + ", ").orElse("");
    if (credential.expired()) {
      return role + "expired";
    }
    return role
        + credential.expiration().map(at -> "until " + Times.second(at)).orElse("without an end");
  }

  private void item(String term, String content) {
    html.element("dt", term).element("dd", content);
  }

  private String ago(Instant instant) {
    Duration ago = Duration.between(instant, status.at());
    return ago.isNegative() ? "in " + Times.span(ago.negated()) : Times.span(ago) + " ago";
  }

  private static Duration positive(Duration duration) {
    return duration.isNegative() ? Duration.ZERO : duration;
  }

  static Optional<Instant> newestMoment(StatusSnapshot status) {
    return status.windows().stream().map(StatusSnapshot.Window::end).max(Instant::compareTo);
  }
}
