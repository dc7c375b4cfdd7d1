package io.pgbackup.cli.view;

import static java.util.stream.Collectors.joining;

import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.catalog.RecoveryWindow;
import io.pgbackup.catalog.WalGap;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.restore.TargetTime;
import io.pgbackup.wording.Times;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;

/// `pgbackup window`: which instants can be restored, exactly, and what is missing between them.
public final class WindowView {
  /// One element of the array.
  ///
  /// @param lastCommit what `--latest` reaches
  /// @param otherTimelines with base backups that these windows leave out; `--timeline` restores
  ///   them
  public record Row(
      String namespace,
      String cluster,
      String uid,
      List<Window> windows,
      Optional<Instant> lastCommit,
      List<Gap> gaps,
      List<Long> otherTimelines) {}

  /// @param end exclusive
  public record Window(Instant start, Instant end, String oldestBackup, long timeline) {}

  /// @param first first missing segment
  /// @param last last missing segment, inclusive
  /// @param state as [io.pgbackup.catalog.GapState] calls it
  public record Gap(String first, String last, String state) {}

  private WindowView() {}

  public static List<Row> json(List<LineageCatalog> catalogs) {
    return catalogs.stream().map(WindowView::row).toList();
  }

  private static Row row(LineageCatalog catalog) {
    return new Row(
        catalog.lineage().cluster().namespace(),
        catalog.lineage().cluster().name(),
        catalog.lineage().uid().value(),
        catalog.windows().stream()
            .map(
                window ->
                    new Window(
                        window.start(),
                        window.end(),
                        window.oldestBackup().value(),
                        window.timeline().id()))
            .toList(),
        catalog.lastCommit(),
        catalog.gaps().stream()
            .map(gap -> new Gap(gap.first().fileName(), gap.last().fileName(), gap.state().word()))
            .toList(),
        catalog.otherTimelines().stream().map(Timeline::id).toList());
  }

  /// @param local shown beside UTC where it differs
  public static String text(List<LineageCatalog> catalogs, ZoneId local) {
    return String.join("\n", catalogs.stream().map(each -> lineage(each, local)).toList());
  }

  private static String lineage(LineageCatalog catalog, ZoneId local) {
    StringBuilder text = new StringBuilder(LineageFacts.heading(catalog)).append('\n');
    if (catalog.windows().isEmpty()) {
      text.append("  nothing can be restored to a timestamp yet: ")
          .append(
              catalog.backups().isEmpty()
                  ? "there is no base backup\n"
                  : "no commit was archived after the newest base backup\n");
    }
    catalog.windows().forEach(window -> text.append(window(window, local)));
    catalog
        .lastCommit()
        .ifPresent(
            last -> text.append(line("latest", TargetTime.echo(last, local) + ", with --latest")));
    for (WalGap gap : catalog.gaps()) {
      text.append(
          line(
              "missing",
              "WAL segments %s to %s, %s".formatted(gap.first(), gap.last(), gap.state().word())));
    }
    if (!catalog.otherTimelines().isEmpty()) {
      text.append(
          line(
              "besides",
              "base backups on timeline %s, which only --timeline restores"
                  .formatted(
                      catalog.otherTimelines().stream()
                          .map(Timeline::toString)
                          .collect(joining(", ")))));
    }
    return text.toString();
  }

  private static String window(RecoveryWindow window, ZoneId local) {
    return line("from", TargetTime.echo(WindowSpan.firstMicrosecond(window), local))
        + line("to", TargetTime.echo(WindowSpan.lastMicrosecond(window), local))
        + line(
            "that is",
            "%s, beginning with %s on timeline %s"
                .formatted(
                    Times.span(Duration.between(window.start(), window.end())),
                    window.oldestBackup(),
                    window.timeline()));
  }

  private static String line(String label, String text) {
    return "  %-8s %s%n".formatted(label, text);
  }
}
