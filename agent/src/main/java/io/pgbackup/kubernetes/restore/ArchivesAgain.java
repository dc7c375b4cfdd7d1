package io.pgbackup.kubernetes.restore;

import io.pgbackup.kubernetes.report.ClusterRecord;
import io.pgbackup.page.Headline;
import io.pgbackup.problem.PgBackupException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;

/// Sees whether a server archives again after its data were exchanged, in the record that its agent
/// keeps. Where there is none, or nothing comes, that is said: the restore is done all the same.
///
/// @param before the record before the server was started
/// @param say hears what was seen
record ArchivesAgain(
    RestoreApi api, StatefulSetName name, Optional<ClusterRecord> before, Consumer<String> say) {
  /// A segment is finished at least once a minute where anything is written, and the record as
  /// often.
  static final Duration PATIENCE = Duration.ofMinutes(3);

  /// By then who writes has finished one.
  private static final Duration IDLE = Duration.ofSeconds(75);

  /// Before the server is started.
  static ArchivesAgain prepare(RestoreApi api, StatefulSetName name, Consumer<String> say) {
    return new ArchivesAgain(api, name, record(api), say);
  }

  private static Optional<ClusterRecord> record(RestoreApi api) {
    try {
      return api.record();
    } catch (PgBackupException _) {
      // nothing of the restore depends on it
      return Optional.empty();
    }
  }

  void await(Waiting waiting, Clock clock) {
    if (before.isEmpty()) {
      say.accept(
          "whether it archives again cannot be seen from here: there is no ConfigMap "
              + ClusterRecord.nameFor(name.name()));
      look();
      return;
    }
    say.accept("  wait for the first archived WAL");
    Instant idle = clock.instant().plus(IDLE);
    Instant deadline = clock.instant().plus(PATIENCE);
    Optional<ClusterRecord> now = record(api);
    while (!hasArchived(now)
        && clock.instant().isBefore(hasNothingToArchive(now) ? idle : deadline)) {
      waiting.turn();
      now = record(api);
    }
    tell(now.or(() -> before));
  }

  /// Whether an agent that has looked since the start finds all well and no segment waiting, as
  /// beside a server that nobody writes to. After an undo that begins no timeline, of which WAL
  /// would be stored in any case.
  private boolean hasNothingToArchive(Optional<ClusterRecord> now) {
    return now.filter(record -> record.updatedAt().isAfter(before.orElseThrow().updatedAt()))
        .filter(record -> record.state().startsWith(Headline.PROTECTED))
        .filter(record -> record.problems().isEmpty())
        .map(ClusterRecord::lagSeconds)
        .filter(lag -> lag.isPresent() && lag.getAsDouble() == 0)
        .isPresent();
  }

  private boolean hasArchived(Optional<ClusterRecord> now) {
    return now.flatMap(ClusterRecord::lastSegment)
        .filter(segment -> !before.flatMap(ClusterRecord::lastSegment).equals(Optional.of(segment)))
        .isPresent();
  }

  private void tell(Optional<ClusterRecord> now) {
    if (hasArchived(now)) {
      ClusterRecord record = now.orElseThrow();
      say.accept(
          "it archives again: %s is stored in %s"
              .formatted(
                  record.lastSegment().map(ClusterRecord.At::name).orElse(""),
                  record.archive().orElse("the archive")));
      return;
    }
    if (hasNothingToArchive(now)) {
      say.accept(
          "no WAL segment was finished since the start, so that there is nothing to archive yet; its agent says: "
              + now.orElseThrow().state());
      return;
    }
    say.accept(
        "no archived WAL was seen in %d minutes; its agent says: %s"
            .formatted(PATIENCE.toMinutes(), now.map(ClusterRecord::state).orElse("nothing")));
    now.ifPresent(record -> record.problems().forEach(problem -> say.accept("  " + problem)));
    look();
  }

  private void look() {
    say.accept(
        "look: kubectl exec -n %s %s-0 -c %s -- pgbackup --config /etc/pgbackup/pgbackup.yaml status"
            .formatted(name.namespace(), name.name(), DatabasePod.AGENT));
  }
}
