package io.pgbackup.restore;

import io.pgbackup.engine.WalEngine;
import io.pgbackup.postgres.ControlFile;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.process.PostgresInstallation;
import io.pgbackup.postgres.process.PostgresProcess;
import io.pgbackup.postgres.process.ServerLog;
import io.pgbackup.postgres.process.ServerStart;
import io.pgbackup.postgres.process.ServerState;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.postgres.process.SocketDirectory;
import io.pgbackup.postgres.process.StopMode;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// Recovers a staged data directory in a server of our own, proves that the target was reached, and
/// leaves the directory cleanly shut down. Can be called again after it was cut off anywhere.
record RecoveryServer(
    PostgresProcess process,
    PostgresInstallation installation,
    ServerUser user,
    RestorePaths paths,
    WalEngine wal,
    WalSpool.Limits limits,
    Passwords passwords) {
  static final Duration STOP_PATIENCE = Duration.ofMinutes(10);
  private static final Duration POLL = Duration.ofMillis(100);

  /// The same words in 14 to 18 (xlogrecovery.c).
  private static final String ENDED_EARLY = "recovery ended before configured recovery target";

  RecoveryOutcome recover(RestorePlan plan, RestoreListener listener) throws IOException {
    // A run that was killed leaves its server behind.
    stop();
    UnfinishedWal served = new UnfinishedWal(wal, plan);
    Thread stopWithUs = new Thread(this::stopAtExit, "stop-recovery-server");
    Runtime.getRuntime().addShutdownHook(stopWithUs);
    try (SocketDirectory sockets = SocketDirectory.in(paths.workspace(), user);
        WalSpool spool =
            WalSpool.open(
                paths.spool(),
                user,
                new TablespaceGuard(served, plan, paths.staging(), user),
                plan.path(),
                plan.wal(),
                plan.segmentSize(),
                limits)) {
      start(plan, sockets.path(), spool.restoreCommand());
      await(plan, spool, listener);
      new RoleReconciliation(passwords, sockets.path(), paths.staging(), listener).carryOut();
    } finally {
      stop();
      Runtime.getRuntime().removeShutdownHook(stopWithUs);
    }
    return prove(plan, served);
  }

  private void start(RestorePlan plan, Path sockets, String restoreCommand) throws IOException {
    ControlFile control = new DataDirectory(paths.staging()).control();
    Path settings = RecoverySettings.write(paths.server(), plan, control, sockets, restoreCommand);
    process.start(
        new ServerStart(
            installation,
            user,
            paths.staging(),
            List.of("-c", "config_file=" + settings),
            paths.log()));
  }

  private void await(RestorePlan plan, WalSpool spool, RestoreListener listener) {
    try {
      while (process.state(paths.staging()) != ServerState.READY) {
        if (!process.isRunning(paths.staging())) {
          throw failure(plan, spool);
        }
        listener.progress(
            RestoreStep.RECOVER, spool.delivered(), OptionalLong.of(plan.wal().size()));
        Thread.sleep(POLL);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Problem.timedOut("interrupted during recovery", RestoreFailures.RESUME).causedBy(e);
    }
  }

  private PgBackupException failure(RestorePlan plan, WalSpool spool) {
    return spool.failure().orElseGet(() -> failure(plan, spool.lastTaken()).asException());
  }

  private Problem failure(RestorePlan plan, Optional<WalSegment> lastTaken) {
    String reason = ServerLog.reason(paths.log()).orElse("PostgreSQL ended");
    if (reason.contains(ENDED_EARLY)) {
      return Problem.verificationFailed(
          "recovery did not reach its target: it cannot go on behind WAL segment %s, and the archive goes on to %s"
              .formatted(
                  lastTaken.map(WalSegment::fileName).orElse("none"), plan.wal().last().fileName()),
          "Its log is %s. %s %s"
              .formatted(paths.log(), RestoreFailures.BEFORE_THE_DAMAGE, RestoreFailures.DISCARD));
    }
    return Problem.postgresFailed(
        "recovery failed: " + reason, "Its log is " + paths.log() + ". " + RestoreFailures.RESUME);
  }

  private void stop() {
    process.stop(paths.staging(), StopMode.FAST, STOP_PATIENCE);
  }

  private void stopAtExit() {
    process.stop(paths.staging(), StopMode.FAST, Duration.ofSeconds(20));
  }

  private RecoveryOutcome prove(RestorePlan plan, UnfinishedWal served) throws IOException {
    ControlFile control = new DataDirectory(paths.staging()).control();
    RecoveryLog log = RecoveryLog.read(paths.log());
    if (control.state() != ControlFile.State.SHUT_DOWN
        || control.timeline().compareTo(plan.timeline()) <= 0
        || !log.complete()) {
      throw unproven(
          "recovery has not ended: pg_control is %s on timeline %s"
              .formatted(control.state(), control.timeline()));
    }
    if (plan.target() instanceof RecoveryTarget.AtTime(Instant target)
        && (log.stoppedBefore().filter(target::isBefore).isEmpty()
            || log.lastCompleted().filter(target::isBefore).isPresent())) {
      throw unproven(
          "recovery did not stop at %s: the last transaction is of %s, the next of %s"
              .formatted(
                  target,
                  log.lastCompleted().map(Instant::toString).orElse("before the backup"),
                  log.stoppedBefore().map(Instant::toString).orElse("an unknown time")));
    }
    TimelineHistory.Ancestor parent = history(control.timeline()).ancestors().getLast();
    if (plan.target() instanceof RecoveryTarget.Latest) {
      Optional<String> missing = new ArchivedEnd(plan, wal, served.served()).missing(parent.end());
      if (missing.isPresent()) {
        throw Problem.verificationFailed(
                missing.get(), RestoreFailures.BEFORE_THE_DAMAGE + " " + RestoreFailures.DISCARD)
            .asException();
      }
    }
    return new RecoveryOutcome(
        control.timeline(), parent.timeline(), parent.end(), log.lastCompleted());
  }

  private TimelineHistory history(Timeline timeline) throws IOException {
    Path file = HistoryFile.in(paths.staging(), timeline);
    return TimelineHistory.parse(timeline, Files.readString(file, StandardCharsets.ISO_8859_1));
  }

  private PgBackupException unproven(String message) {
    return Problem.verificationFailed(
            message, "The server's log is " + paths.log() + ". " + RestoreFailures.DISCARD)
        .asException();
  }
}
