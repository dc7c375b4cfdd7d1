package io.pgbackup.page;

import io.pgbackup.status.StatusSnapshot;
import io.pgbackup.wording.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;

/// Windows and base backups along one time axis that ends now, to scale, with a legend. What lies
/// between two windows cannot be restored, and is lower too, for whoever sees no difference between
/// the colours.
final class WindowDrawing {
  private static final int WIDTH = 1000;
  private static final int ROW = 26;

  private final StatusSnapshot status;
  private final List<StatusSnapshot.Backup> backups;
  private final Instant begin;
  private final Instant end;

  /// Whether there is something between two windows.
  private boolean broken;

  private WindowDrawing(StatusSnapshot status, List<StatusSnapshot.Backup> backups) {
    this.status = status;
    this.backups = backups;
    Instant first =
        status.windows().stream()
            .map(StatusSnapshot.Window::start)
            .min(Instant::compareTo)
            .orElse(status.at());
    this.begin =
        backups.stream()
            .map(StatusSnapshot.Backup::finishTime)
            .min(Instant::compareTo)
            .filter(oldest -> oldest.isBefore(first))
            .orElse(first);
    Instant last =
        Stream.concat(
                status.windows().stream().map(StatusSnapshot.Window::end),
                backups.stream().map(StatusSnapshot.Backup::finishTime))
            .max(Instant::compareTo)
            .filter(newest -> newest.isAfter(status.at()))
            .orElse(status.at());
    this.end = last.isAfter(begin) ? last : begin.plusSeconds(1);
  }

  static String of(StatusSnapshot status, List<StatusSnapshot.Backup> backups) {
    return new WindowDrawing(status, backups).draw();
  }

  private String draw() {
    SortedSet<Long> timelines = new TreeSet<>();
    status.windows().forEach(window -> timelines.add(window.timeline()));
    Html html = new Html();
    html.markup("<figure>");
    for (long timeline : timelines) {
      if (timelines.size() > 1) {
        html.element("figcaption", "timeline " + timeline);
      }
      row(html, timeline);
    }
    html.element("figcaption", "base backups");
    ticks(html);
    return legend(
            html.markup("<p class=axis>")
                .element("time", Times.second(begin))
                .element("span", Times.span(Duration.between(begin, end)))
                .element("time", Times.second(end))
                .markup("</p>"))
        .markup("</figure>")
        .toString();
  }

  /// Only of what is drawn.
  private Html legend(Html html) {
    html.markup("<p class=legend>");
    legend(html, "window", "can be restored");
    if (broken) {
      legend(html, "gap", "cannot be restored");
    }
    legend(html, "none", "outside of all windows");
    if (!backups.isEmpty()) {
      legend(html, "tick", "a base backup finished");
    }
    return html.markup("</p>");
  }

  private static void legend(Html html, String style, String words) {
    html.markup("<span><svg class=key viewBox=\"0 0 12 12\" aria-hidden=true>")
        .markup(
            style.equals("tick")
                ? "<rect class=tick x=4.5 y=0 width=3 height=12 /></svg>"
                : "<rect class=%s x=0 y=%d width=12 height=%d /></svg>"
                    .formatted(style, style.equals("gap") ? 3 : 0, style.equals("gap") ? 6 : 12))
        .text(words)
        .markup("</span> ");
  }

  private void row(Html html, long timeline) {
    List<StatusSnapshot.Window> windows =
        status.windows().stream()
            .filter(window -> window.timeline() == timeline)
            .sorted((one, other) -> one.start().compareTo(other.start()))
            .toList();
    open(html, "Windows of timeline " + timeline);
    html.markup("<rect class=none x=0 y=4 width=%d height=%d />".formatted(WIDTH, ROW - 8));
    for (int i = 1; i < windows.size(); i++) {
      Instant from = windows.get(i - 1).end();
      Instant to = windows.get(i).start();
      if (from.isBefore(to)) {
        bar(html, "gap", from, to, "cannot be restored");
        broken = true;
      }
    }
    windows.forEach(window -> bar(html, "window", window.start(), window.end(), "can be restored"));
    html.markup("</svg>");
  }

  private void ticks(Html html) {
    open(html, "Base backups");
    for (StatusSnapshot.Backup backup : backups) {
      html.markup(
              String.format(
                  Locale.ROOT,
                  "<rect class=tick x=%.1f y=4 width=3 height=%d>",
                  Math.clamp(position(backup.finishTime()) - 1.5, 0, WIDTH - 3),
                  ROW - 8))
          .element("title", backup.name() + " finished " + Times.second(backup.finishTime()))
          .markup("</rect>");
    }
    html.markup("</svg>");
  }

  private static void open(Html html, String label) {
    html.markup(
            "<svg viewBox=\"0 0 %d %d\" preserveAspectRatio=none role=img aria-label=\""
                .formatted(WIDTH, ROW))
        .text(label)
        .markup("\">");
  }

  private void bar(Html html, String style, Instant from, Instant to, String what) {
    double left = position(from);
    html.markup(
            String.format(
                Locale.ROOT,
                "<rect class=%s x=%.1f y=%d width=%.1f height=%d>",
                style,
                left,
                style.equals("gap") ? 8 : 4,
                Math.max(2, position(to) - left),
                style.equals("gap") ? ROW - 16 : ROW - 8))
        .element("title", "%s: %s to %s".formatted(what, Times.second(from), Times.second(to)))
        .markup("</rect>");
  }

  private double position(Instant instant) {
    double whole = Duration.between(begin, end).toMillis();
    double part = Duration.between(begin, instant).toMillis();
    return Math.clamp(part / Math.max(1, whole), 0, 1) * WIDTH;
  }
}
