package io.pgbackup.cli.view;

import io.pgbackup.cli.output.Table;
import io.pgbackup.kubernetes.ClusterRecords.Kept;
import io.pgbackup.kubernetes.report.ClusterRecord;
import io.pgbackup.wording.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/// What agents say of their clusters on Kubernetes: `clusters -n`, `status --statefulset`.
public final class RecordsView {
  /// Twice as long as an agent is ever silent.
  private static final Duration SILENT = Duration.ofMinutes(10);

  /// One element of the array. Scripts rely on these names.
  ///
  /// @param namespace of the ConfigMap, whose name follows
  /// @param cluster in the bucket, `namespace/name`
  /// @param detail a sentence that says more than the state; may be empty
  /// @param silent whether the agent has said nothing for long; it may be gone
  public record Row(
      String namespace,
      String configMap,
      String cluster,
      Optional<String> uid,
      Optional<String> archive,
      List<ClusterRecord.Known> lineages,
      String state,
      String detail,
      boolean silent,
      List<String> problems,
      List<ClusterRecord.Window> windows,
      Optional<ClusterRecord.At> lastBackup,
      Optional<ClusterRecord.At> lastSegment,
      OptionalDouble lagSeconds,
      Optional<String> pod,
      String agent,
      Instant updatedAt) {}

  private RecordsView() {}

  public static List<Row> json(List<Kept> found, Instant now) {
    return found.stream().map(kept -> row(kept, now)).toList();
  }

  public static Row row(Kept kept, Instant now) {
    ClusterRecord record = kept.record();
    return new Row(
        kept.namespace(),
        kept.name(),
        record.cluster(),
        record.uid(),
        record.archive(),
        record.lineages(),
        record.state(),
        record.detail(),
        isSilent(record, now),
        record.problems(),
        record.windows(),
        record.lastBackup(),
        record.lastSegment(),
        record.lagSeconds(),
        record.pod(),
        record.agent(),
        record.updatedAt());
  }

  private static boolean isSilent(ClusterRecord record, Instant now) {
    return Duration.between(record.updatedAt(), now).compareTo(SILENT) > 0;
  }

  /// A cluster with several windows has a row for each.
  public static String table(List<Kept> found, Instant now) {
    Table table =
        new Table("NAMESPACE", "CLUSTER", "UID", "STATE", "RESTORABLE FROM", "TO", "SAID");
    for (Kept kept : found) {
      ClusterRecord record = kept.record();
      List<WindowSpan> spans = spans(record);
      WindowSpan first = spans.isEmpty() ? new WindowSpan("nothing yet", "") : spans.getFirst();
      table.row(
          kept.namespace(),
          record.cluster(),
          record.uid().orElse("?"),
          record.state(),
          first.first(),
          first.last(),
          age(record, now));
      spans.stream()
          .skip(1)
          .forEach(span -> table.row("", "", "", "", span.first(), span.last(), ""));
    }
    return table.render();
  }

  private static List<WindowSpan> spans(ClusterRecord record) {
    return record.windows().stream()
        .map(window -> WindowSpan.of(window.start(), window.end()))
        .toList();
  }

  private static String age(ClusterRecord record, Instant now) {
    Duration age = Duration.between(record.updatedAt(), now);
    return age.isNegative() ? "now" : Times.span(age) + " ago";
  }

  /// One cluster in a dozen lines.
  public static String text(Kept kept, Instant now) {
    ClusterRecord record = kept.record();
    StringBuilder text = new StringBuilder(record.cluster());
    record.uid().ifPresent(uid -> text.append("  ").append(uid));
    text.append('\n');
    line(text, "state", record.state());
    if (!record.detail().isEmpty()) {
      line(text, "", record.detail());
    }
    spans(record)
        .forEach(
            span -> line(text, "restorable", "from %s to %s".formatted(span.first(), span.last())));
    record.lastBackup().ifPresent(backup -> line(text, "backup", at(backup)));
    record.lastSegment().ifPresent(segment -> line(text, "wal", at(segment)));
    record.archive().ifPresent(folder -> line(text, "archive", folder));
    record.lineages().stream()
        .filter(known -> !record.uid().equals(Optional.of(known.uid())))
        .forEach(
            known ->
                line(
                    text,
                    "earlier",
                    "%s, since %s".formatted(known.uid(), Times.second(known.since()))));
    line(
        text,
        "agent",
        "%s%s, said so %s%s"
            .formatted(
                record.agent(),
                record.pod().map(pod -> " in " + pod).orElse(""),
                age(record, now),
                isSilent(record, now) ? ": it may be gone" : ""));
    record.problems().forEach(problem -> line(text, "PROBLEM", problem));
    return text.toString();
  }

  private static String at(ClusterRecord.At what) {
    return "%s, %s".formatted(what.name(), Times.second(what.at()));
  }

  private static void line(StringBuilder text, String name, String words) {
    text.append("  %-10s  %s\n".formatted(name, words));
  }
}
