package io.pgbackup.agent;

import io.pgbackup.backup.BackupRun;
import io.pgbackup.catalog.WalGap;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.PgBackupConfig.BackupSource;
import io.pgbackup.config.PgBackupConfig.PagePolicy;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.problem.Problem;
import io.pgbackup.status.BackupRequests;
import io.pgbackup.status.BackupRunView;
import io.pgbackup.wording.Times;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Starts base backups: when somebody asks, when the schedule comes, when one was missed, and at
/// once where a lineage has none. One at a time, each on a thread of its own.
///
/// Thread-safe.
final class Backups implements BackupRequests {
  private static final Logger LOGGER = LoggerFactory.getLogger(Backups.class);
  private static final Duration LAST_SEGMENTS = Duration.ofSeconds(15);
  private static final Duration INTERRUPTED = Duration.ofSeconds(10);

  /// @param at by our own clock, so that a server's that is behind makes no backup look missed
  private record Finished(LineageUid uid, Instant at) {}

  private final Supplier<PgBackupConfig> config;
  private final LineageKeeper lineages;
  private final Supplier<Optional<ServerWatch.Seen>> server;
  private final Problems problems;
  private final RunBook book;
  private final Consumer<LineageSession> afterwards;
  private final InstantSource clock;
  private final DueRun due = new DueRun();
  private Optional<WalGap> gap = Optional.empty();

  /// When we learned that WAL is missing for good, until a base backup that began later.
  private Optional<Instant> gapSince = Optional.empty();

  /// Since when a run can have been missed: the newest base backup, or begin of one.
  private Instant waiting;

  /// Whether the problem that stands is that one was missed.
  private boolean missedOne;

  /// Since when a run is missing that the store failed.
  private Optional<Instant> storeFailed = Optional.empty();

  private @Nullable Finished lastOwn;
  private @Nullable Thread thread;
  private boolean closing;

  /// @param config asked whenever it matters, because it may change
  /// @param afterwards called after each backup that completed, on its thread
  Backups(
      Supplier<PgBackupConfig> config,
      LineageKeeper lineages,
      Supplier<Optional<ServerWatch.Seen>> server,
      Problems problems,
      RunBook book,
      Consumer<LineageSession> afterwards,
      InstantSource clock) {
    this.config = config;
    this.lineages = lineages;
    this.server = server;
    this.problems = problems;
    this.book = book;
    this.afterwards = afterwards;
    this.clock = clock;
    this.waiting = clock.instant();
  }

  @Override
  public synchronized Answer request(BackupRequest request) {
    Optional<BackupRunView> running = book.running();
    if (running.isPresent()) {
      return new Answer.AlreadyRunning(running.get());
    }
    if (closing) {
      throw Problem.timedOut("the agent is stopping", "Ask again when it runs.").asException();
    }
    LineageSession session = lineages.require();
    BackupRunView run = book.begin(BackupRun.newId(), clock.instant());
    waiting = run.startedAt();
    if (missedOne) {
      missedOne = false;
      problems.clear(Problems.About.BACKUP);
    }
    thread = Thread.ofPlatform().name("backup").start(() -> run(session, run.id(), request));
    return new Answer.Started(run);
  }

  @Override
  public Optional<BackupRunView> find(String id) {
    return book.find(id);
  }

  private void run(LineageSession session, String id, BackupRequest request) {
    try {
      switch (session.backups().run(id, request, book.observer(id))) {
        case BackupRun.Completed _ -> {
          completed(session, id);
          afterwards.accept(session);
        }
        case BackupRun.Failed failed -> failed(id, failed.problem());
      }
    } catch (RuntimeException | Error e) {
      LOGGER.atError().addKeyValue("run", id).setCause(e).log("base backup broke off");
      Problem problem = Problem.bug("the base backup broke off: " + e);
      book.abandon(id, problem, clock.instant());
      failed(id, problem);
    }
  }

  private void failed(String id, Problem problem) {
    Instant now = clock.instant();
    Optional<Instant> deadline =
        config
            .get()
            .backup()
            .deadline()
            .flatMap(limit -> book.find(id).map(run -> run.startedAt().plus(limit)));
    due.failed(now);
    boolean late = deadline.filter(passed -> !passed.isAfter(now)).isPresent();
    Optional<Instant> next =
        late || byCorruptPages(problem)
            ? config.get().backupTiming().firstAfter(now)
            : Optional.empty();
    next.ifPresent(due::postponed);
    boolean byTheStore = problem instanceof Problem.StorageFailed && problem.retryMayHelp();
    synchronized (this) {
      storeFailed = byTheStore && next.isEmpty() ? Optional.of(now) : Optional.empty();
    }
    problems.report(Problems.About.BACKUP, problem);
  }

  /// They stay as they are, and each attempt reads, and with wal-g stores, everything.
  private boolean byCorruptPages(Problem problem) {
    return config.get().backup().corruptPages() == PagePolicy.FAIL
        && problem instanceof Problem.VerificationFailed;
  }

  private synchronized void completed(LineageSession session, String id) {
    lastOwn = new Finished(session.lineage().identity().uid(), clock.instant());
    Optional<Instant> began = book.find(id).map(BackupRunView::startedAt);
    gapSince = gapSince.filter(since -> began.filter(since::isBefore).isEmpty());
    due.paid();
    storeFailed = Optional.empty();
    if (gapSince.isPresent()) {
      due.fallDue();
    }
    problems.clear(Problems.About.BACKUP);
  }

  /// Whether a base backup is under way, or its last WAL on the way.
  synchronized boolean busy() {
    Thread running = thread;
    return book.running().isPresent() || (running != null && running.isAlive());
  }

  /// Does something once the backup under way has ended, or now where there is none.
  void whenIdle(Runnable work) {
    Thread running;
    synchronized (this) {
      running = thread;
    }
    if (running == null || !running.isAlive()) {
      work.run();
      return;
    }
    Thread.ofVirtual()
        .name("after-backup")
        .start(
            () -> {
              try {
                running.join();
                work.run();
              } catch (InterruptedException _) {
                // nobody does: it is a thread of our own
                Thread.currentThread().interrupt();
              }
            });
  }

  /// The schedule came. An agent beside a server of another role leaves it to the other.
  void scheduled() {
    if (isSource()) {
      due.fallDueAnew();
      startIfOwed();
    }
  }

  /// The store takes our credential again; what failed without one is not put off any longer.
  void credentialRenewed() {
    due.retryNow();
  }

  /// WAL is missing for good behind what is stored. The archive shows that only once a whole
  /// segment lies behind the gap, which on an idle server is long after.
  void gapOpened() {
    synchronized (this) {
      gapSince = Optional.of(clock.instant());
    }
    due.fallDue();
  }

  private synchronized boolean knowsOfAGap() {
    return gapSince.isPresent();
  }

  /// A store that gives the whole catalogue answers again.
  private synchronized void tryAgainIfTheStoreAnswers(Instant readAt) {
    if (storeFailed.filter(readAt::isAfter).isPresent() && due.trySooner(clock.instant())) {
      storeFailed = Optional.empty();
    }
  }

  /// Looks at what the archive holds: a lineage without a base backup needs its first, a run that
  /// the schedule had while nobody was there is made up for, and one that somebody else took
  /// counts.
  void consider(CatalogWatch.Known known) {
    tryAgainIfTheStoreAnswers(known.readAt());
    Optional<Instant> newest = newest(known);
    newest.ifPresent(this::notMissedUntil);
    boolean missed =
        newest
            .flatMap(last -> config.get().backupTiming().firstAfter(last))
            .map(next -> !next.isAfter(clock.instant()))
            .orElse(newest.isEmpty());
    boolean gap = endsBeforeAGap(known);
    if (missed || gap || knowsOfAGap()) {
      due.fallDue();
    } else {
      due.paid();
    }
  }

  /// Whether WAL is missing behind the newest base backup, so that nothing later can be restored
  /// until there is another one. Seen twice, because segments may arrive out of order.
  private synchronized boolean endsBeforeAGap(CatalogWatch.Known known) {
    Finished last = lastOwn;
    if (last != null && last.uid().equals(known.uid()) && last.at().isAfter(known.readAt())) {
      return false;
    }
    Optional<WalGap> before = gap;
    gap =
        known.catalog().gaps().stream()
            .filter(
                missing ->
                    known.catalog().backups().stream()
                        .filter(known.catalog()::hasWalOf)
                        .noneMatch(
                            backup -> backup.startLsn().compareTo(missing.last().start()) > 0))
            .findFirst();
    return gap.isPresent() && gap.equals(before);
  }

  private synchronized Optional<Instant> newest(CatalogWatch.Known known) {
    Finished last = lastOwn;
    Stream<Instant> own =
        last != null && last.uid().equals(known.uid()) ? Stream.of(last.at()) : Stream.of();
    Stream<Instant> listed =
        known.catalog().backups().stream()
            .filter(known.catalog()::hasWalOf)
            .map(backup -> backup.finishTime());
    return Stream.concat(own, listed).max(Instant::compareTo);
  }

  private synchronized void notMissedUntil(Instant newest) {
    if (newest.isAfter(waiting)) {
      waiting = newest;
    }
  }

  /// Says it where a run that the schedule wanted has not begun in time. It is made up for as soon
  /// as it can be, by one run for all that were missed.
  synchronized void lookForMissed() {
    PgBackupConfig now = config.get();
    boolean elsewhere = server.get().isPresent() && !isSource();
    if (!now.backup().enabled() || now.backup().deadline().isEmpty() || elsewhere || closing) {
      return;
    }
    Duration deadline = now.backup().deadline().get();
    now.backupTiming()
        .firstAfter(waiting)
        .filter(due -> !due.plus(deadline).isAfter(clock.instant()))
        .ifPresent(
            due -> {
              missedOne = true;
              problems.report(
                  Problems.About.BACKUP,
                  Problem.timedOut(
                      "the base backup of %s has not begun within %s: %s"
                          .formatted(Times.second(due), Times.span(deadline), obstacle()),
                      "One is taken as soon as it can be, for all that were missed."));
            });
  }

  private String obstacle() {
    if (book.running().isPresent()) {
      return "run %s is still under way".formatted(book.running().get().id());
    }
    if (server.get().isEmpty()) {
      return "PostgreSQL does not answer";
    }
    return lineages.current().isEmpty()
        ? "the lineage is not known"
        : "the archive has not been read";
  }

  /// Starts the backup that is owed, if this is where it is taken: beside the primary, or a standby
  /// where the configuration says so.
  void startIfOwed() {
    if (config.get().backup().enabled()
        && isSource()
        && lineages.current().isPresent()
        // first: a run that has ended pays only once its lease is given back
        && !busy()
        && due.isOwed(clock.instant())) {
      var _ = request(BackupRequest.CONFIGURED);
    }
  }

  /// Whether base backups are taken of this agent's server.
  boolean isSource() {
    boolean primary = config.get().backup().from() == BackupSource.PRIMARY;
    return server.get().map(seen -> seen.primary() == primary).orElse(false);
  }

  /// Starts nothing more. A backup whose files are all stored may wait a little for its last
  /// segments; any other one is broken off.
  void drain() {
    Thread running;
    synchronized (this) {
      closing = true;
      running = thread;
    }
    if (running == null) {
      return;
    }
    try {
      boolean nearlyDone =
          book.running().filter(run -> run.state() == BackupRunView.State.AWAITING_WAL).isPresent();
      if (nearlyDone) {
        running.join(LAST_SEGMENTS);
      }
      running.interrupt();
      running.join(INTERRUPTED);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
