package io.pgbackup.cli.view;

import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.cli.output.Table;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.retention.AbandonedUploads;
import io.pgbackup.retention.RetentionOutcome;
import io.pgbackup.retention.RetentionPlan;
import io.pgbackup.retention.RetentionPlan.BackupVerdict;
import io.pgbackup.retention.RetentionPlan.WalRange;
import io.pgbackup.wording.Sizes;
import io.pgbackup.wording.Times;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// `pgbackup retention plan`, `simulate` and `apply`.
public final class RetentionView {
  /// A lineage and its plan.
  ///
  /// @param plan empty where no rules are stored
  /// @param assumed base backups that are not there yet
  /// @param uploads that nobody completed, where it was looked for them
  public record Planned(
      Lineage lineage,
      Optional<RetentionPlan> plan,
      Set<BackupName> assumed,
      Optional<AbandonedUploads> uploads) {
    public Planned(Lineage lineage, Optional<RetentionPlan> plan, Set<BackupName> assumed) {
      this(lineage, plan, assumed, Optional.empty());
    }
  }

  /// A lineage and what became of its plan.
  public record Applied(Lineage lineage, RetentionOutcome outcome) {}

  /// One element of the array. Sizes are bytes.
  ///
  /// @param rules in words; null where none are stored
  /// @param blocks why nothing is deleted now
  /// @param deletableObjects what the rules let go
  public record Json(
      String namespace,
      String cluster,
      String uid,
      Optional<String> rules,
      Optional<Instant> at,
      List<Backup> backups,
      List<Wal> wal,
      List<Leftover> leftovers,
      List<Upload> uploads,
      List<String> blocks,
      long deletableObjects,
      long deletableBytes,
      Optional<Done> done) {}

  /// @param withdrawn whether it failed a proof, so that nobody may restore it
  /// @param reasons to keep it; none: it goes
  public record Backup(
      String name,
      Optional<Instant> finishTime,
      boolean kept,
      boolean assumed,
      boolean withdrawn,
      List<String> reasons,
      long bytes) {}

  public record Wal(String first, String last, boolean kept, long objects, long bytes) {}

  /// @param keptBecause null: it goes
  public record Leftover(String name, Optional<String> keptBecause, long objects, long bytes) {}

  /// An upload in parts that nobody completed.
  ///
  /// @param goes whether it is aborted
  public record Upload(String key, Instant begun, boolean goes) {}

  /// What was done.
  public record Done(
      long deletedObjects, long deletedBytes, long refusedObjects, Optional<String> stopped) {}

  private RetentionView() {}

  public static List<Json> planned(List<Planned> all) {
    return all.stream()
        .map(one -> json(one.lineage(), one.plan(), one.assumed(), one.uploads(), Optional.empty()))
        .toList();
  }

  public static List<Json> applied(List<Applied> all) {
    return all.stream()
        .map(
            one ->
                json(
                    one.lineage(),
                    Optional.of(one.outcome().plan()),
                    Set.of(),
                    Optional.empty(),
                    Optional.of(
                        new Done(
                            one.outcome().deletedObjects(),
                            one.outcome().deletedBytes(),
                            one.outcome().refused().size(),
                            one.outcome().stopped()))))
        .toList();
  }

  private static Json json(
      Lineage lineage,
      Optional<RetentionPlan> plan,
      Set<BackupName> assumed,
      Optional<AbandonedUploads> uploads,
      Optional<Done> done) {
    return new Json(
        lineage.cluster().namespace(),
        lineage.cluster().name(),
        lineage.uid().value(),
        plan.map(it -> it.rules().words()),
        plan.map(RetentionPlan::at),
        plan.stream()
            .flatMap(it -> it.backups().stream())
            .map(verdict -> backup(verdict, assumed))
            .toList(),
        plan.stream()
            .flatMap(it -> it.wal().stream())
            .map(
                range ->
                    new Wal(
                        range.first().fileName(),
                        range.last().fileName(),
                        range.kept(),
                        range.objects().size(),
                        range.bytes()))
            .toList(),
        plan.stream()
            .flatMap(it -> it.leftovers().stream())
            .map(
                leftover ->
                    new Leftover(
                        leftover.name().value(),
                        leftover.keptBecause(),
                        leftover.objects().size(),
                        leftover.bytes()))
            .toList(),
        plan.stream()
            .flatMap(
                it ->
                    uploads.stream()
                        .flatMap(found -> found.uploads().stream())
                        .map(
                            upload ->
                                new Upload(
                                    upload.key().value(),
                                    upload.begun(),
                                    AbandonedUploads.goes(upload, it.at()))))
            .toList(),
        plan.map(RetentionPlan::blocks).orElse(List.of()),
        plan.map(RetentionPlan::deletableObjects).orElse(0L),
        plan.map(RetentionPlan::deletableBytes).orElse(0L),
        done);
  }

  private static Backup backup(BackupVerdict verdict, Set<BackupName> assumed) {
    return new Backup(
        verdict.name().value(),
        verdict.backup().map(BaseBackup::finishTime),
        verdict.kept(),
        assumed.contains(verdict.name()),
        verdict.withdrawn(),
        verdict.reasons(),
        verdict.bytes());
  }

  public static String plans(List<Planned> all) {
    return String.join("\n", all.stream().map(RetentionView::plan).toList());
  }

  private static String plan(Planned planned) {
    String heading = heading(planned.lineage());
    if (planned.plan().isEmpty()) {
      return heading
          + "  no retention rules are stored here, so nothing is ever deleted; the agent stores its"
          + " own when it starts\n";
    }
    RetentionPlan plan = planned.plan().get();
    String text =
        heading
            + body(plan, planned.assumed())
            + planned.uploads().map(found -> uploads(found, plan.at())).orElse("");
    if (!plan.blocks().isEmpty()) {
      return text + "  nothing is deleted now: " + String.join("; ", plan.blocks()) + "\n";
    }
    if (plan.deletesNothing()) {
      return text + "  nothing to delete\n";
    }
    return text
        + "  to delete: %s in %d objects\n"
            .formatted(Sizes.human(plan.deletableBytes()), plan.deletableObjects());
  }

  public static String outcomes(List<Applied> all) {
    return String.join(
        "\n",
        all.stream()
            .map(
                one ->
                    heading(one.lineage())
                        + body(one.outcome().plan(), Set.of())
                        + done(one.outcome()))
            .toList());
  }

  private static String done(RetentionOutcome outcome) {
    String refused =
        outcome.refused().isEmpty()
            ? ""
            : "  the store kept %d objects: %s\n"
                .formatted(outcome.refused().size(), outcome.refused().values().iterator().next());
    return "  deleted: %s in %d objects\n"
            .formatted(Sizes.human(outcome.deletedBytes()), outcome.deletedObjects())
        + refused
        + outcome.stopped().map(why -> "  stopped: " + why + "\n").orElse("");
  }

  private static String heading(Lineage lineage) {
    return "%s  %s\n".formatted(lineage.cluster(), lineage.uid());
  }

  private static String body(RetentionPlan plan, Set<BackupName> assumed) {
    Table backups = new Table("BACKUP", "FINISHED", "STORED", "VERDICT", "WHY").right(2);
    for (BackupVerdict verdict : plan.backups()) {
      boolean future = assumed.contains(verdict.name());
      backups.row(
          future ? "(one to come)" : verdict.name().value(),
          verdict.backup().map(backup -> Times.second(backup.finishTime())).orElse("?"),
          future ? "?" : Sizes.human(verdict.bytes()),
          verdict.kept() ? "stays" : "goes",
          why(verdict));
    }
    StringBuilder text = new StringBuilder();
    text.append("  keep ").append(plan.rules().words()).append("; as of ");
    text.append(Times.second(plan.at())).append("\n\n");
    text.append(backups.render().indent(2)).append('\n');
    text.append(wal(plan));
    text.append(leftovers(plan));
    plan.attention().ifPresent(problem -> text.append("  attention: " + problem.message() + "\n"));
    return text.toString();
  }

  private static String why(BackupVerdict verdict) {
    String reasons = verdict.kept() ? String.join("; ", verdict.reasons()) : "no rule wants it";
    return verdict.withdrawn() ? "withdrawn; " + reasons : reasons;
  }

  private static String wal(RetentionPlan plan) {
    if (plan.wal().isEmpty()) {
      return "";
    }
    Table table = new Table("WAL FROM", "TO", "OBJECTS", "STORED", "VERDICT").right(2, 3);
    for (WalRange range : plan.wal()) {
      table.row(
          range.first().fileName(),
          range.last().fileName(),
          Integer.toString(range.objects().size()),
          Sizes.human(range.bytes()),
          range.kept() ? "stays" : "goes");
    }
    return table.render().indent(2) + "\n";
  }

  private static String uploads(AbandonedUploads found, Instant now) {
    if (found.hidden().isPresent()) {
      return "  uploads that nobody completed are not known here: %s\n"
          .formatted(found.hidden().get());
    }
    if (found.uploads().isEmpty()) {
      return "";
    }
    Table table = new Table("UPLOAD THAT NOBODY COMPLETED", "BEGUN", "VERDICT");
    found
        .uploads()
        .forEach(
            upload ->
                table.row(
                    upload.key().value(),
                    Times.second(upload.begun()),
                    AbandonedUploads.goes(upload, now) ? "goes" : "stays"));
    return table.render().indent(2) + "\n";
  }

  private static String leftovers(RetentionPlan plan) {
    if (plan.leftovers().isEmpty()) {
      return "";
    }
    Table table = new Table("NEVER FINISHED", "OBJECTS", "STORED", "VERDICT", "WHY").right(1, 2);
    List<RetentionPlan.Leftover> all = new ArrayList<>(plan.leftovers());
    all.forEach(
        leftover ->
            table.row(
                leftover.name().value(),
                Integer.toString(leftover.objects().size()),
                Sizes.human(leftover.bytes()),
                leftover.keptBecause().isPresent() ? "stays" : "goes",
                leftover.keptBecause().orElse("a newer base backup was completed")));
    return table.render().indent(2) + "\n";
  }
}
