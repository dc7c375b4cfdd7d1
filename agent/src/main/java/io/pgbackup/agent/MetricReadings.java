package io.pgbackup.agent;

import io.pgbackup.archive.ArchiveStatus;
import io.pgbackup.archive.OutageGovernor.Level;
import io.pgbackup.catalog.GapState;
import io.pgbackup.drill.DrillVerdict;
import io.pgbackup.schedule.Crontab;
import io.pgbackup.schedule.Timing;
import io.pgbackup.status.StatusSnapshot;
import io.pgbackup.telemetry.Meters;
import io.pgbackup.telemetry.Readings;
import io.pgbackup.telemetry.StoreHealth;
import io.pgbackup.telemetry.StoreTraffic;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// The metrics, from the same snapshot that the status shows.
final class MetricReadings {
  private MetricReadings() {}

  /// @param answered whether PostgreSQL answered when it was last asked; empty before
  static Readings of(StatusSnapshot status, Optional<Boolean> answered) {
    Readings readings =
        new Readings(
            status.cluster().namespace(), status.cluster().name(), status.uid().orElse(""));
    backups(status, readings);
    answered.ifPresent(up -> readings.put(Meters.POSTGRES_UP, number(up)));
    status.storage().up().forEach((op, up) -> readings.put(Meters.STORAGE_UP, op, number(up)));
    status.storage().credential().ifPresent(used -> credential(used, readings));
    status.archive().lagSeconds().ifPresent(lag -> readings.put(Meters.WAL_LAG_SECONDS, lag));
    status.archive().lagBytes().ifPresent(lag -> readings.put(Meters.WAL_LAG_BYTES, lag));
    status.archive().outage().ifPresent(outage -> outage(outage, readings));
    status.archive().stream().ifPresent(stream -> stream(stream, readings));
    readings.put(Meters.BACKUP_ENABLED, number(status.schedule().enabled()));
    readings.put(Meters.WAL_ENABLED, number(status.archive().enabled()));
    readings.put(Meters.WAL_DISCARDED, (double) status.archive().discarded());
    status
        .configuration()
        .ifPresent(
            now -> {
              readings.put(Meters.CONFIG_RELOAD_SUCCESS, number(now.refused().isEmpty()));
              readings.put(Meters.CONFIG_LOADED, Optional.of(now.loadedAt()));
            });
    readings.put(Meters.WAL_REFUSED, (double) status.archive().refused());
    if (status.catalogReadAt().isPresent()) {
      readings.put(Meters.CATALOG_READ, status.catalogReadAt());
      gaps(status, readings);
    }
    if (!status.windows().isEmpty()) {
      readings.put(Meters.WINDOW_START, Optional.of(status.windows().getLast().start()));
      readings.put(Meters.WINDOW_END, Optional.of(status.windows().getLast().end()));
      readings.put(
          Meters.WINDOW_LENGTH,
          seconds(status.windows().getLast().start(), status.windows().getLast().end()));
    }
    readings.put(
        Meters.LINEAGE_CONFLICT,
        number(
            status.lineageConflict().isPresent()
                || status.problems().stream().anyMatch(it -> it.about().equals("timeline"))));
    status.engines().ifPresent(engines -> engines(engines, readings));
    status
        .retention()
        .filter(retention -> retention.schedule().enabled())
        .ifPresent(retention -> retention(retention, status.at(), readings));
    status
        .drills()
        .filter(drills -> drills.schedule().enabled())
        .ifPresent(drills -> drills(drills, status.at(), readings));
    return readings;
  }

  /// Each state, so that one that is no more falls to 0.
  private static void gaps(StatusSnapshot status, Readings readings) {
    for (GapState state : GapState.values()) {
      readings.putState(
          Meters.WAL_GAPS,
          state.word(),
          (double) status.gaps().stream().filter(gap -> gap.state().equals(state.word())).count());
    }
  }

  /// Of the agent's own.
  private static void drills(StatusSnapshot.Drills drills, Instant now, Readings readings) {
    readings.put(Meters.DRILL_RUNNING, number(drills.runningSince().isPresent()));
    readings.put(Meters.DRILL_NEXT, drills.schedule().next());
    readings.put(
        Meters.DRILL_OVERDUE, drills.overdueSince().map(since -> seconds(since, now)).orElse(0.0));
  }

  private static void retention(
      StatusSnapshot.Retention retention, Instant now, Readings readings) {
    readings.put(Meters.RETENTION_NEXT, retention.schedule().next());
    readings.put(
        Meters.RETENTION_OVERDUE,
        retention.overdueSince().map(since -> seconds(since, now)).orElse(0.0));
  }

  private static void outage(StatusSnapshot.Outage outage, Readings readings) {
    readings.put(
        Meters.WAL_OUTAGE_LEVEL,
        switch (Level.valueOf(outage.state().toUpperCase(Locale.ROOT))) {
          case NORMAL -> 0;
          case BEHIND -> 1;
          case CRITICAL -> 2;
        });
    outage.freeBytes().ifPresent(free -> readings.put(Meters.WAL_VOLUME_FREE, (double) free));
    outage
        .secondsUntilFull()
        .ifPresent(seconds -> readings.put(Meters.WAL_VOLUME_FULL, (double) seconds));
  }

  private static void stream(StatusSnapshot.Stream stream, Readings readings) {
    readings.put(Meters.STREAM_CONNECTED, number(stream.connected()));
    readings.put(Meters.STREAM_STORED, stream.storedAt());
    readings.put(Meters.STREAM_PIECES, (double) stream.pieces());
    readings.put(Meters.STREAM_PIECE_BYTES, (double) stream.pieceBytes());
    readings.put(Meters.STREAM_GAPS, (double) stream.gaps());
  }

  private static void credential(StatusSnapshot.Credential used, Readings readings) {
    readings.put(Meters.CREDENTIAL_EXPIRED, number(used.expired()));
    used.role()
        .ifPresent(
            role -> {
              readings.put(Meters.CREDENTIAL_EXPIRATION, role, used.expiration());
              readings.put(Meters.CREDENTIAL_ISSUED, role, used.issuedAt());
            });
  }

  static void add(RunBook.Figures runs, Readings readings) {
    readings.put(Meters.BACKUP_FAILURES, (double) runs.failed());
    readings.put(Meters.BACKUP_COMPLETED, (double) runs.completed());
    readings.put(Meters.BACKUP_FAILED_IN_A_ROW, (double) runs.failedInARow());
    readings.put(Meters.BACKUP_LAST_FAILURE, runs.lastFailure());
  }

  static void add(ArchiveStatus pushes, Readings readings) {
    readings.put(Meters.WAL_ARCHIVED, (double) pushes.archived());
    readings.put(Meters.WAL_ARCHIVED_BYTES, (double) pushes.bytes());
    readings.put(Meters.WAL_FAILED, (double) pushes.failed());
    readings.put(Meters.WAL_LAST_ARCHIVED, pushes.last().map(ArchiveStatus.Archived::at));
  }

  static void add(ServerWatch.Seen server, Readings readings) {
    readings.put(Meters.POSTGRES_PRIMARY, number(server.primary()));
    readings.put(Meters.ARCHIVER_ARCHIVED, (double) server.stats().archivedCount());
    readings.put(Meters.ARCHIVER_FAILED, (double) server.stats().failedCount());
    readings.put(Meters.WAL_READY, (double) server.stats().waitingFiles());
    readings.put(Meters.WAL_READY_AGE, server.stats().lag().toMillis() / 1e3);
  }

  static void add(Map<StoreHealth.Operation, StoreHealth.Count> requests, Readings readings) {
    requests.forEach(
        (operation, count) -> {
          String op = operation.name().toLowerCase(Locale.ROOT);
          readings.putRequests(op, "answered", count.answered());
          readings.putRequests(op, "failed", count.failed());
        });
  }

  static void add(StoreTraffic traffic, Readings readings) {
    readings.put(Meters.STORAGE_REQUEST_DURATION, "op", traffic.durations());
    traffic
        .retries()
        .forEach(
            (reason, count) ->
                readings.put(
                    Meters.STORAGE_RETRIES,
                    "reason",
                    reason.name().toLowerCase(Locale.ROOT),
                    (double) count));
    readings.put(Meters.STORAGE_BYTES, "direction", "sent", (double) traffic.bytesSent());
    readings.put(Meters.STORAGE_BYTES, "direction", "read", (double) traffic.bytesRead());
  }

  static void add(RetentionWatch.View retention, Readings readings) {
    readings.put(Meters.RETENTION_LAST_SUCCESS, retention.lastSuccess());
    readings.put(Meters.RETENTION_DELETABLE, (double) retention.deletable());
    readings.put(Meters.RETENTION_LEFTOVER, (double) retention.leftover());
    readings.put(Meters.RETENTION_KEPT, retention.kept());
    readings.put(Meters.RETENTION_UNREADABLE, retention.unreadable());
    readings.put(Meters.RETENTION_DELETED, (double) retention.deletedObjects());
  }

  static void add(DrillVerdict drill, Readings readings) {
    readings.put(Meters.DRILL_LAST, Optional.of(drill.at()));
    readings.put(Meters.DRILL_PASSED, number(drill.passed()));
    drill.recoveryTime().ifPresent(time -> readings.put(Meters.DRILL_RTO, time.toMillis() / 1e3));
    drill.dataLoss().ifPresent(loss -> readings.put(Meters.DRILL_RPO, loss.toMillis() / 1e3));
  }

  private static void engines(StatusSnapshot.Engines engines, Readings readings) {
    engines.restarts().ifPresent(count -> readings.put(Meters.WALG_RESTARTS, (double) count));
    engines.peakMemory().ifPresent(bytes -> readings.put(Meters.WALG_MEMORY, (double) bytes));
  }

  private static void backups(StatusSnapshot status, Readings readings) {
    readings.put(Meters.BACKUP_RUNNING, number(status.runningBackup().isPresent()));
    readings.put(Meters.BACKUP_NEXT, status.schedule().next());
    status
        .runningBackup()
        .ifPresent(run -> readings.put(Meters.BACKUP_PROGRESS, (double) run.bytes()));
    status.backups().ifPresent(count -> readings.put(Meters.BACKUPS, count));
    status.lastBackup().ifPresent(newest -> newest(newest, status.at(), readings));
    if (status.schedule().enabled()) {
      status
          .lastBackup()
          .flatMap(backup -> due(status.schedule(), backup.finishTime()))
          .ifPresent(due -> readings.put(Meters.BACKUP_OVERDUE, seconds(due, status.at())));
    }
  }

  private static void newest(StatusSnapshot.Backup backup, Instant now, Readings readings) {
    readings.put(Meters.BACKUP_LAST_SUCCESS, Optional.of(backup.finishTime()));
    readings.put(Meters.BACKUP_AGE, seconds(backup.finishTime(), now));
    backup
        .corruptPages()
        .ifPresent(pages -> readings.put(Meters.BACKUP_CORRUPT_PAGES, (double) pages));
    readings.put(Meters.BACKUP_CONTENT, (double) backup.uncompressedSize());
    readings.put(Meters.BACKUP_STORED, (double) backup.compressedSize());
    readings.put(Meters.BACKUP_DURATION, seconds(backup.startTime(), backup.finishTime()));
  }

  /// 0 where the clocks disagree.
  private static double seconds(Instant from, Instant to) {
    return Math.max(0, Duration.between(from, to).toMillis() / 1e3);
  }

  private static Optional<Instant> due(StatusSnapshot.Schedule schedule, Instant last) {
    return new Timing(
            Crontab.parse(schedule.crontab()),
            ZoneId.of(schedule.timeZone()),
            Duration.ofSeconds(schedule.delaySeconds()))
        .firstAfter(last);
  }

  private static double number(boolean yes) {
    return yes ? 1 : 0;
  }
}
