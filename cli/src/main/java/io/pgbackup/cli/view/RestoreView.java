package io.pgbackup.cli.view;

import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.engine.format.TablespaceSpec;
import io.pgbackup.lineage.Identity;
import io.pgbackup.restore.RecoveryTarget;
import io.pgbackup.restore.RestoreDestination;
import io.pgbackup.restore.RestorePlan;
import io.pgbackup.restore.RestoreResult;
import io.pgbackup.restore.TargetTime;
import io.pgbackup.wording.Sizes;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What a restore is going to do, and what it did.
public final class RestoreView {
  /// @param timestamp empty for the latest state
  /// @param backup that recovery begins with
  /// @param chain that backup and all that it stands on, the full one first
  /// @param firstSegment,lastSegment of the WAL that is expected to be replayed
  /// @param downloadBytes of the whole chain
  /// @param diskBytes that the data directory needs
  /// @param asOf whose state of the store is read, where it is not today's
  public record Plan(
      String namespace,
      String cluster,
      String uid,
      Optional<Instant> timestamp,
      String backup,
      List<String> chain,
      Instant backupFinishTime,
      long timeline,
      int segments,
      Optional<String> firstSegment,
      Optional<String> lastSegment,
      Optional<Long> downloadBytes,
      Optional<Long> diskBytes,
      String dataDirectory,
      boolean inPlace,
      List<Tablespace> tablespaces,
      Optional<Instant> asOf) {}

  /// @param name where the archive tells it
  /// @param from where the files lay when the backup was taken, where it says so
  /// @param to where they go
  public record Tablespace(String oid, Optional<String> name, Optional<String> from, String to) {}

  /// @param lastCommit of the last transaction that is in the data, where any was replayed
  /// @param uid of the lineage that begins; empty for a copy without a name
  /// @param previous where the old data are kept for undo
  public record Result(
      String dataDirectory,
      String backup,
      long timeline,
      Optional<Instant> lastCommit,
      Optional<String> namespace,
      Optional<String> cluster,
      Optional<String> uid,
      Optional<String> previous,
      boolean running) {}

  private RestoreView() {}

  /// @param names of tablespaces, by their numbers
  public static Plan json(
      RestorePlan plan, RestoreDestination destination, Map<String, String> names) {
    return new Plan(
        plan.lineage().cluster().namespace(),
        plan.lineage().cluster().name(),
        plan.lineage().uid().value(),
        instant(plan.target()),
        plan.backup().name().value(),
        plan.chain().stream().map(backup -> backup.name().value()).toList(),
        plan.backup().finishTime(),
        plan.timeline().id(),
        plan.wal().size(),
        plan.wal().isEmpty() ? Optional.empty() : Optional.of(plan.wal().first().fileName()),
        plan.wal().isEmpty() ? Optional.empty() : Optional.of(plan.wal().last().fileName()),
        plan.downloadBytes(),
        plan.diskBytes(),
        destination.dataDirectory().toString(),
        destination instanceof RestoreDestination.InPlace,
        tablespaces(plan, destination, names),
        plan.asOf());
  }

  private static List<Tablespace> tablespaces(
      RestorePlan plan, RestoreDestination destination, Map<String, String> names) {
    return destination.tablespaces().entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .map(
            place ->
                new Tablespace(
                    place.getKey(),
                    Optional.ofNullable(names.get(place.getKey())),
                    plan.backup().tablespaces().stream()
                        .flatMap(spec -> spec.tablespaces().stream())
                        .filter(known -> known.oid().equals(place.getKey()))
                        .map(TablespaceSpec.Tablespace::location)
                        .findFirst(),
                    place.getValue().toString()))
        .toList();
  }

  private static Optional<Instant> instant(RecoveryTarget target) {
    return switch (target) {
      case RecoveryTarget.AtTime(Instant instant) -> Optional.of(instant);
      case RecoveryTarget.Latest() -> Optional.empty();
    };
  }

  /// @param names of tablespaces, by their numbers
  /// @param local shown beside UTC where it differs
  public static String text(
      RestorePlan plan, RestoreDestination destination, Map<String, String> names, ZoneId local) {
    StringBuilder text = new StringBuilder();
    line(text, "restore", plan.lineage().cluster() + "  " + plan.lineage().uid());
    line(text, "to", target(plan.target(), local));
    line(
        text,
        "from",
        "%s, finished %s%s"
            .formatted(
                plan.backup().name(),
                TargetTime.echo(plan.backup().finishTime(), local),
                plan.downloadBytes().map(bytes -> ", " + Sizes.human(bytes)).orElse("")));
    for (BaseBackup parent : plan.chain().reversed().subList(1, plan.chain().size())) {
      line(text, "on", parent.name() + (parent.isDelta() ? "" : ", full"));
    }
    line(
        text,
        "and",
        plan.wal().isEmpty()
            ? "no WAL beyond the backup's own"
            : "up to %d WAL segments, %s to %s, on timeline %s"
                .formatted(
                    plan.wal().size(), plan.wal().first(), plan.wal().last(), plan.timeline()));
    plan.asOf().ifPresent(asOf -> line(text, "read as of", TargetTime.echo(asOf, local)));
    line(text, "into", into(destination));
    for (Tablespace tablespace : tablespaces(plan, destination, names)) {
      line(
          text,
          "tablespace",
          "%s%s into %s%s"
              .formatted(
                  tablespace.oid(),
                  tablespace.name().map(name -> " (" + name + ")").orElse(""),
                  tablespace.to(),
                  tablespace.from().map(from -> ", was " + from).orElse("")));
    }
    plan.diskBytes().ifPresent(bytes -> line(text, "needs", Sizes.human(bytes) + " of disk"));
    return text.toString();
  }

  /// For example `2026-11-21T02:13:37Z (2026-11-21 03:13:37+01:00 Europe/Berlin)`.
  public static String target(RecoveryTarget target, ZoneId local) {
    return switch (target) {
      case RecoveryTarget.AtTime(Instant instant) -> TargetTime.echo(instant, local);
      case RecoveryTarget.Latest() -> "everything that was archived";
    };
  }

  private static String into(RestoreDestination destination) {
    return switch (destination) {
      case RestoreDestination.NewDirectory directory -> directory.dataDirectory().toString();
      case RestoreDestination.InPlace inPlace ->
          inPlace.dataDirectory() + ", in place; the old data are kept beside it";
    };
  }

  public static Result json(RestoreResult result) {
    return new Result(
        result.dataDirectory().toString(),
        result.backup().value(),
        result.outcome().timeline().id(),
        result.outcome().lastCommit(),
        result.identity().map(identity -> identity.cluster().namespace()),
        result.identity().map(identity -> identity.cluster().name()),
        result.identity().map(identity -> identity.uid().value()),
        result.previous().map(Path::toString),
        result.running());
  }

  /// @param local shown beside UTC where it differs
  public static String text(RestoreResult result, ZoneId local) {
    return text(result, local, true);
  }

  /// As [#text], where somebody else starts the server.
  public static String placed(RestoreResult result, ZoneId local) {
    return text(result, local, false);
  }

  private static String text(RestoreResult result, ZoneId local, boolean withServer) {
    StringBuilder text = new StringBuilder();
    line(text, "restored", result.dataDirectory().toString());
    result
        .outcome()
        .lastCommit()
        .ifPresent(last -> line(text, "last commit", TargetTime.echo(last, local)));
    if (withServer) {
      line(
          text, "server", result.running() ? "running again" : "not running; it is yours to start");
    }
    result.identity().ifPresent(identity -> line(text, "lineage", lineage(identity)));
    result.previous().ifPresent(previous -> line(text, "old data", previous.toString()));
    return text.toString();
  }

  private static String lineage(Identity identity) {
    return "%s  %s, new; restorable from its first base backup on"
        .formatted(identity.cluster(), identity.uid());
  }

  private static void line(StringBuilder text, String label, String content) {
    text.append("  %-11s  %s%n".formatted(label, content));
  }
}
