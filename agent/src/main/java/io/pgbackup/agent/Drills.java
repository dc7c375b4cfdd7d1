package io.pgbackup.agent;

import io.pgbackup.archive.OutageGovernor.Level;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.PgBackupConfig.DrillConfig;
import io.pgbackup.drill.DrillCheck;
import io.pgbackup.drill.DrillVerdict;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.wording.Times;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Restores on trial when the schedule comes, or came while nobody was there; one at a time, on a
/// thread of its own, and only while archiving is well. Any stored verdict pays for a run, wherever
/// it was made.
///
/// Thread-safe; [#look] belongs to one thread.
final class Drills implements AutoCloseable {
  private static final Logger LOGGER = LoggerFactory.getLogger(Drills.class);
  private static final Duration PAUSE = Duration.ofSeconds(5);
  private static final Duration ENDING = Duration.ofSeconds(20);

  /// What it asks of the rest of the agent.
  ///
  /// @param here whether this agent's server is the one that base backups are taken of
  /// @param backingUp whether a base backup of this agent is under way
  /// @param archiving how archiving is; empty where nobody knows yet
  /// @param newest verdict in the archive
  /// @param keep stores a verdict
  record Surroundings(
      Supplier<PgBackupConfig> config,
      BooleanSupplier here,
      BooleanSupplier backingUp,
      Supplier<Optional<Level>> archiving,
      Supplier<Optional<LineageCatalog>> archive,
      Supplier<Optional<DrillVerdict>> newest,
      Consumer<DrillVerdict> keep) {}

  /// @param overdueSince when the schedule came that no drill has followed
  record View(Optional<Instant> runningSince, Optional<Instant> overdueSince) {}

  private final Surroundings agent;
  private final Trial trial;
  private final Problems problems;
  private final InstantSource clock;
  private final DueRun due = new DueRun();

  /// Without any verdict, runs are owed from here on.
  private final Instant begin;

  private @Nullable Path swept;
  private @Nullable Thread thread;
  private @Nullable Instant startedAt;
  private @Nullable Instant lastOwn;
  private Optional<Problem> cut = Optional.empty();
  private boolean missed;
  private boolean closing;

  Drills(Surroundings agent, Trial trial, Problems problems, InstantSource clock) {
    this.agent = agent;
    this.trial = trial;
    this.problems = problems;
    this.clock = clock;
    this.begin = clock.instant();
  }

  /// The schedule came.
  void scheduled() {
    due.fallDueAnew();
  }

  /// Empty where the agent does none by itself.
  Optional<View> view() {
    PgBackupConfig config = agent.config().get();
    return config.drill().enabled()
        ? Optional.of(new View(runningSince(), overdueSince(config)))
        : Optional.empty();
  }

  private synchronized Optional<Instant> runningSince() {
    return Optional.ofNullable(startedAt);
  }

  private synchronized Optional<Instant> overdueSince(PgBackupConfig config) {
    Optional<Instant> newest = newest();
    return config
        .drillTiming()
        .firstAfter(newest.orElse(begin))
        .filter(time -> !time.isAfter(clock.instant()));
  }

  private Optional<Instant> newest() {
    return Stream.concat(
            agent.newest().get().map(DrillVerdict::at).stream(), Stream.ofNullable(lastOwn))
        .max(Instant::compareTo);
  }

  Duration look() {
    PgBackupConfig config = agent.config().get();
    if (!config.drill().enabled()) {
      cut(Problem.timedOut("drill.enabled is false by now", "Nothing is to be done."));
      problems.clear(Problems.About.DRILL);
      return PAUSE;
    }
    sweep(config);
    watchRun(config.drill());
    synchronized (this) {
      boolean overdue = overdueSince(config).isPresent();
      if (newest().isPresent() && overdue) {
        due.fallDue();
      } else if (newest().isPresent() && startedAt == null) {
        due.paid();
      }
    }
    start(config);
    lookForMissed(config);
    return PAUSE;
  }

  /// What a killed agent left is in the way of this one's room.
  private void sweep(PgBackupConfig config) {
    Path directory = config.drill().directory().orElseThrow();
    if (directory.equals(swept)) {
      return;
    }
    try {
      trial.sweep(config);
      swept = directory;
    } catch (PgBackupException e) {
      problems.report(Problems.About.DRILL, e.problem());
    }
  }

  private void watchRun(DrillConfig drill) {
    if (agent.archiving().get().equals(Optional.of(Level.CRITICAL))) {
      cut(
          Problem.timedOut(
              "the drill was ended, because WAL that waits fills its volume",
              "It is tried again when archiving is well."));
    }
    Optional<Duration> limit = drill.deadline();
    Optional<Instant> since = runningSince();
    if (limit.isPresent()
        && since.isPresent()
        && since.get().plus(limit.get()).isBefore(clock.instant())) {
      cut(
          Problem.timedOut(
              "the drill had not ended after " + Times.span(limit.get()),
              "It is tried again when its schedule comes; raise drill.deadline if it needs longer."));
    }
  }

  private void cut(Problem why) {
    Thread running;
    synchronized (this) {
      running = thread;
      if (running == null || startedAt == null || cut.isPresent()) {
        return;
      }
      cut = Optional.of(why);
    }
    running.interrupt();
    trial.abort();
  }

  private Optional<String> obstacle() {
    if (!agent.here().getAsBoolean()) {
      return Optional.of("PostgreSQL does not answer, or base backups are taken of another server");
    }
    if (agent.archive().get().filter(archive -> !archive.backups().isEmpty()).isEmpty()) {
      return Optional.of("the archive holds no base backup, or has not been read");
    }
    if (agent.backingUp().getAsBoolean()) {
      return Optional.of("a base backup is under way");
    }
    return agent
        .archiving()
        .get()
        .filter(level -> level != Level.NORMAL)
        .map(_ -> "archiving is behind");
  }

  private synchronized void start(PgBackupConfig config) {
    if (closing || startedAt != null || !due.isOwed(clock.instant()) || obstacle().isPresent()) {
      return;
    }
    LineageCatalog archive = agent.archive().get().orElseThrow();
    startedAt = clock.instant();
    cut = Optional.empty();
    thread = Thread.ofPlatform().name("drill").start(() -> run(config, archive));
  }

  private void run(PgBackupConfig config, LineageCatalog archive) {
    LOGGER.atInfo().addKeyValue("target", config.drill().target()).log("drill began");
    try {
      ended(trial.perform(config, archive));
    } catch (PgBackupException e) {
      broken(config, e.problem());
    } catch (RuntimeException | Error e) {
      LOGGER.atError().setCause(e).log("drill broke off");
      broken(config, Problem.bug("the drill broke off: " + e));
    } finally {
      synchronized (this) {
        startedAt = null;
      }
    }
  }

  private void ended(DrillVerdict verdict) {
    synchronized (this) {
      lastOwn = verdict.at();
      missed = false;
      due.paid();
    }
    LOGGER
        .atInfo()
        .addKeyValue("passed", verdict.passed())
        .addKeyValue("backup", verdict.backup())
        .addKeyValue("rto", verdict.recoveryTime().map(Times::span).orElse("none"))
        .addKeyValue("rpo", verdict.dataLoss().map(Times::span).orElse("none"))
        .log("drill ended");
    if (verdict.passed()) {
      problems.clear(Problems.About.DRILL);
    } else {
      problems.report(Problems.About.DRILL, failure(verdict));
    }
    try {
      agent.keep().accept(verdict);
    } catch (PgBackupException e) {
      problems.report(Problems.About.DRILL, e.problem());
    }
  }

  private static Problem failure(DrillVerdict verdict) {
    return Problem.verificationFailed(
        "the drill of %s failed: %s"
            .formatted(
                verdict.backup(),
                verdict.checks().stream()
                    .filter(check -> check.result() == DrillCheck.Result.FAILED)
                    .map(check -> check.name() + ": " + check.found())
                    .collect(Collectors.joining("; "))),
        verdict.checks().stream()
            .filter(check -> check.result() == DrillCheck.Result.FAILED)
            .map(DrillCheck::next)
            .distinct()
            .collect(Collectors.joining(" ")));
  }

  private void broken(PgBackupConfig config, Problem problem) {
    Problem told;
    synchronized (this) {
      if (closing) {
        return;
      }
      Instant now = clock.instant();
      due.failed(now);
      Optional<Instant> next = config.drillTiming().firstAfter(now);
      boolean tookTooLong =
          config
              .drill()
              .deadline()
              .filter(limit -> startedAt != null && !startedAt.plus(limit).isAfter(now))
              .isPresent();
      if (tookTooLong) {
        next.ifPresent(due::postponed);
      }
      told = cut.orElse(problem);
    }
    if (agent.config().get().drill().enabled()) {
      problems.report(Problems.About.DRILL, told);
    }
  }

  /// Says it where one has not begun in time, with the reason.
  private void lookForMissed(PgBackupConfig config) {
    Optional<Duration> deadline = config.drill().deadline();
    Optional<Instant> since = overdueSince(config);
    if (deadline.isEmpty() || since.isEmpty() || runningSince().isPresent() || missed) {
      return;
    }
    if (since.get().plus(deadline.get()).isAfter(clock.instant())) {
      return;
    }
    obstacle()
        .ifPresent(
            reason -> {
              missed = true;
              problems.report(
                  Problems.About.DRILL,
                  Problem.timedOut(
                      "the drill of %s has not begun within %s: %s"
                          .formatted(Times.second(since.get()), Times.span(deadline.get()), reason),
                      "One is done as soon as it can be, for all that were missed."));
            });
  }

  /// Begins no more, and ends the drill under way, which then puts everything in order.
  void end() {
    synchronized (this) {
      closing = true;
      if (startedAt == null || thread == null) {
        return;
      }
      thread.interrupt();
    }
    trial.abort();
  }

  /// Waits for the end.
  @Override
  public void close() {
    end();
    Thread running;
    synchronized (this) {
      running = thread;
    }
    if (running == null) {
      return;
    }
    try {
      if (!running.join(ENDING)) {
        LOGGER.atWarn().log("the drill under way did not end; the next start cleans up behind it");
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
