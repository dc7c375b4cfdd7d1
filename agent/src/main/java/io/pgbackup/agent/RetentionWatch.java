package io.pgbackup.agent;

import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.PgBackupConfig.RetentionRun;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.lineage.Leases;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.lineage.ProtectedLineage;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.retention.Holds;
import io.pgbackup.retention.Policies;
import io.pgbackup.retention.RetentionInput;
import io.pgbackup.retention.RetentionOutcome;
import io.pgbackup.retention.RetentionPlan;
import io.pgbackup.retention.RetentionPlanner;
import io.pgbackup.retention.RetentionReader;
import io.pgbackup.retention.RetentionRules;
import io.pgbackup.retention.RetentionRunner;
import io.pgbackup.store.ObjectStore;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Applies the retention rules to the agent's own lineage when their schedule comes, and stores
/// them in its folder. Where a job deletes instead, or where this credential may not, it says what
/// could go.
///
/// [#look] belongs to one thread; the rest may be called by all.
final class RetentionWatch {
  private static final Logger LOGGER = LoggerFactory.getLogger(RetentionWatch.class);
  private static final Duration PAUSE = Duration.ofSeconds(5);
  private static final Duration AGAIN = Duration.ofMinutes(5);

  /// Behind a store that was away.
  private static final Duration SOON = Duration.ofSeconds(20);

  /// Two hours and more: a base backup may last as long.
  private static final int MOST_WAITS = 30;

  /// What is known of the last run.
  ///
  /// @param lastSuccess when it last left nothing that the rules let go
  /// @param deletable bytes that the rules let go and that are still there
  /// @param leftover bytes of base backups that were never finished
  /// @param unreadable base backups that stay because they cannot be read
  /// @param deletedObjects since the agent started
  record View(
      Optional<Instant> lastSuccess,
      long deletable,
      long leftover,
      int kept,
      int unreadable,
      long deletedObjects) {}

  /// What follows from the configuration.
  private record Ruled(
      RetentionRun run, RetentionRules rules, RetentionReader reader, RetentionRunner runner) {}

  private final ObjectStore store;
  private final Supplier<Optional<ProtectedLineage>> own;
  private final Supplier<Boolean> primary;
  private final Supplier<Boolean> backingUp;
  private final Problems problems;
  private final Clock clock;
  private final Leases leases;
  private final Holds holds;
  private final Policies policies;
  private final String host = Host.name();
  private volatile Ruled ruled;
  private @Nullable LineageUid told;
  private @Nullable RetentionRules toldRules;
  private volatile boolean due;
  private volatile Instant dueSince = Instant.MIN;
  private volatile Optional<View> view = Optional.empty();
  private Instant notBefore = Instant.MIN;
  private int waits;

  /// Whether the problem that stands is one of the archive's, for somebody to mend.
  private boolean attention;

  /// Whether the problem that stands is that a look failed.
  private boolean failed;

  /// @param own the lineage of the data directory, once it is known
  /// @param backingUp whether a base backup of this agent is under way: retention waits for it
  RetentionWatch(
      PgBackupConfig config,
      ObjectStore store,
      ObjectCipher cipher,
      Supplier<Optional<ProtectedLineage>> own,
      Supplier<Boolean> primary,
      Supplier<Boolean> backingUp,
      Problems problems,
      Clock clock) {
    this.store = store;
    this.own = own;
    this.primary = primary;
    this.backingUp = backingUp;
    this.problems = problems;
    this.clock = clock;
    this.leases = new Leases(store, clock);
    this.holds = new Holds(store, clock);
    this.policies = new Policies(store, clock);
    this.ruled = ruled(config, cipher);
  }

  private Ruled ruled(PgBackupConfig config, ObjectCipher cipher) {
    RetentionReader reader = new RetentionReader(new Catalog(store, cipher), holds, leases, clock);
    return new Ruled(
        config.retention().run(),
        RetentionRules.of(config),
        reader,
        new RetentionRunner(
            store,
            reader,
            leases,
            "retention on %s, process %d".formatted(host, ProcessHandle.current().pid())));
  }

  /// Another configuration is in force, from the next round on.
  void follow(PgBackupConfig config, ObjectCipher cipher) {
    ruled = ruled(config, cipher);
  }

  /// The schedule came.
  void scheduled() {
    if (!due) {
      dueSince = clock.instant();
    }
    due = true;
  }

  /// When the schedule came for which the rules are not applied to their end. A standby's agent
  /// leaves that to the primary's.
  Optional<Instant> overdueSince() {
    return due && primary.get() ? Optional.of(dueSince) : Optional.empty();
  }

  /// Empty before the first look at the archive.
  Optional<View> view() {
    return view;
  }

  /// One round: stores the rules where they are new, and applies them if they are due and nothing
  /// stands against it. A standby's agent leaves all that to the primary's.
  Duration look() {
    Optional<ProtectedLineage> lineage = own.get();
    if (lineage.isEmpty() || !primary.get() || clock.instant().isBefore(notBefore)) {
      return PAUSE;
    }
    try {
      look(lineage.get());
      waits = 0;
      if (failed) {
        failed = false;
        problems.clear(Problems.About.RETENTION);
      }
    } catch (PgBackupException e) {
      notBefore = clock.instant().plus(e.problem().retryMayHelp() ? SOON : AGAIN);
      if (e.problem() instanceof Problem.Refused refused && waits++ < MOST_WAITS) {
        // another run or a base backup has the lease: it passes
        LOGGER.atInfo().addKeyValue("reason", refused.message()).log("retention waits");
      } else {
        failed = true;
        problems.report(Problems.About.RETENTION, e.problem());
      }
    }
    return PAUSE;
  }

  private void look(ProtectedLineage found) {
    LineageUid uid = found.identity().uid();
    Lineage lineage =
        new Lineage(
            found.identity().cluster(), uid, found.layout().prefix(), Optional.of(found.claim()));
    Ruled now = ruled;
    RetentionRules rules = now.rules();
    if (!uid.equals(told) || !rules.equals(toldRules)) {
      if (policies.store(lineage.prefix(), rules, "agent on " + host)) {
        LOGGER.atInfo().addKeyValue("uid", uid).addKeyValue("rules", rules).log("policy stored");
      }
      survey(lineage, now);
      told = uid;
      toldRules = rules;
    } else if (attention && !due) {
      survey(lineage, now);
    }
    if (due && !backingUp.get()) {
      apply(lineage, now);
    }
  }

  private void survey(Lineage lineage, Ruled by) {
    RetentionPlan plan = RetentionPlanner.plan(by.reader().read(lineage, by.rules()));
    view = Optional.of(seen(plan, 0, false));
    attend(plan);
  }

  private void apply(Lineage lineage, Ruled by) {
    Optional<Problem> conflict =
        problems.about(Problems.About.LINEAGE).or(() -> problems.about(Problems.About.TIMELINE));
    if (conflict.isPresent()) {
      refuse(conflict.get().message());
      return;
    }
    if (by.run() == RetentionRun.JOB) {
      survey(lineage, by);
      due = false;
      return;
    }
    RetentionOutcome outcome = by.runner().apply(lineage, by.rules());
    boolean done = outcome.complete();
    RetentionInput now = by.reader().read(lineage, by.rules());
    RetentionPlan left = RetentionPlanner.plan(now);
    view = Optional.of(seen(left, outcome.deletedObjects(), done));
    boolean passes =
        !now.restores().isEmpty()
            || (outcome.refused().isEmpty() && outcome.plan().blocks().isEmpty());
    if (!done && passes) {
      notBefore = clock.instant().plus(AGAIN);
      return;
    }
    if (!outcome.plan().blocks().isEmpty() && !outcome.plan().backups().isEmpty()) {
      refuse(String.join("; ", outcome.plan().blocks()));
      return;
    }
    due = false;
    attend(left);
    if (!outcome.refused().isEmpty()) {
      LOGGER
          .atWarn()
          .addKeyValue("objects", left.deletableObjects())
          .addKeyValue("bytes", left.deletableBytes())
          .addKeyValue("reason", outcome.refused().values().iterator().next())
          .log("what the rules let go stays: the store refused to delete it");
    }
  }

  /// Says what somebody has to mend, and looks again soon whether it was.
  private void attend(RetentionPlan plan) {
    Optional<Problem> found = plan.attention();
    attention = found.isPresent();
    if (attention) {
      again();
      problems.report(Problems.About.RETENTION, found.get());
    } else {
      problems.clear(Problems.About.RETENTION);
    }
  }

  /// It stays due: what stands against it may be gone soon.
  private void refuse(String why) {
    again();
    problems.report(
        Problems.About.RETENTION,
        Problem.refused(
            "nothing is deleted: " + why,
            "'pgbackup retention plan' shows what would go; docs/retention.md says what to do."));
  }

  private void again() {
    failed = false;
    notBefore = clock.instant().plus(AGAIN);
  }

  /// @param done whether all is gone that the plan lets go
  private View seen(RetentionPlan plan, long deleted, boolean done) {
    Optional<View> before = view;
    return new View(
        done ? Optional.of(clock.instant()) : before.flatMap(View::lastSuccess),
        plan.deletableBytes(),
        plan.leftovers().stream().mapToLong(RetentionPlan.Leftover::bytes).sum(),
        (int) plan.backups().stream().filter(RetentionPlan.BackupVerdict::kept).count(),
        plan.unreadable().size(),
        before.map(View::deletedObjects).orElse(0L) + deleted);
  }
}
