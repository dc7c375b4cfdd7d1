package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgbackup.agent.Problems.About;
import io.pgbackup.archive.WalDestination;
import io.pgbackup.backup.BackupObserver;
import io.pgbackup.backup.BackupRun;
import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.catalog.GapState;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.catalog.SegmentSet;
import io.pgbackup.catalog.WalGap;
import io.pgbackup.config.ConfigLoader;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.embedded.EmbeddedWalEngine;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageResolver;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.lineage.ProtectedLineage;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.status.BackupRequests.Answer;
import io.pgbackup.status.BackupRunView;
import io.pgbackup.status.BackupRunView.State;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.MemoryObjectStore;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class BackupsTest {
  private final List<Backups> made = new ArrayList<>();
  private static final Instant TWO = Instant.parse("2026-11-21T02:00:00Z");
  private static final BackupName NAME = new BackupName("base_000000010000000000000002");
  private static final WalSegment SEGMENT =
      WalSegment.parse("000000010000000000000002", WalSegmentSize.DEFAULT);

  @TempDir private Path data;

  private final AtomicReference<Instant> now = new AtomicReference<>(TWO.plusSeconds(60));
  private final MemoryObjectStore store = new MemoryObjectStore();
  private final Problems problems = new Problems(now::get);
  private final RunBook book = new RunBook();
  private final AtomicInteger afterwards = new AtomicInteger();
  private final ScriptedTaker taker = new ScriptedTaker();
  private Optional<ServerWatch.Seen> server = Servers.primary();
  private String timing = "schedule: \"0 2 * * *\"";
  private LineageKeeper lineages;

  @BeforeEach
  void lineage() {
    lineages =
        new LineageKeeper(
            data.resolve("pgdata"),
            () -> server,
            new LineageResolver(
                new ClusterId("shop", "orders"),
                Optional.empty(),
                PrefixTemplate.DEFAULT,
                store,
                Clock.systemUTC()),
            this::session,
            problems,
            new CompletableFuture<>());
  }

  private LineageSession session(ProtectedLineage lineage) {
    return new LineageSession(
        lineage,
        new WalDestination(
            (_, _, _) -> {},
            new EmbeddedWalEngine(store, lineage.layout(), Codec.NONE, Optional.empty())),
        taker,
        () -> {
          throw new AssertionError("no catalogue is asked for here");
        });
  }

  private Backups backups() {
    return backups(true);
  }

  private Backups backups(boolean enabled) {
    lineages.check();
    PgBackupConfig config =
        new ConfigLoader(Map.of())
            .parse(
                "a test",
                """
                cluster: { name: orders, namespace: shop }
                storage: { url: s3://backups }
                backup: { enabled: %s, %s }
                """
                    .formatted(enabled, timing));
    Backups one =
        new Backups(
            () -> config,
            lineages,
            () -> server,
            problems,
            book,
            _ -> afterwards.incrementAndGet(),
            now::get);
    made.add(one);
    return one;
  }

  private CatalogWatch.Known known(Instant... finishes) {
    return known(
        Set.of(
            WalSegment.containing(Timeline.FIRST, Lsn.parse("0/2000028"), WalSegmentSize.DEFAULT)),
        finishes);
  }

  private CatalogWatch.Known known(List<WalGap> gaps, Instant... finishes) {
    CatalogWatch.Known known = known(finishes);
    LineageCatalog catalog = known.catalog();
    return new CatalogWatch.Known(
        known.uid(),
        new LineageCatalog(
            catalog.lineage(),
            catalog.backups(),
            catalog.segments(),
            catalog.segmentSize(),
            catalog.path(),
            catalog.windows(),
            catalog.reach(),
            gaps,
            catalog.lastCommit(),
            catalog.newestSegment(),
            catalog.unreadable()),
        known.readAt());
  }

  private CatalogWatch.Known known(Set<WalSegment> wal, Instant... finishes) {
    LineageUid uid = lineages.require().lineage().identity().uid();
    List<BaseBackup> listed =
        List.of(finishes).stream()
            .map(
                finish ->
                    new BaseBackup(
                        NAME,
                        Lsn.parse("0/2000028"),
                        Lsn.parse("0/2000120"),
                        finish,
                        finish,
                        new ServerVersion(180006),
                        Optional.empty(),
                        1,
                        1,
                        false,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty()))
            .toList();
    return new CatalogWatch.Known(
        uid,
        new LineageCatalog(
            new Lineage(new ClusterId("shop", "orders"), uid, StoreFolder.ROOT, Optional.empty()),
            listed,
            SegmentSet.of(wal),
            WalSegmentSize.DEFAULT,
            TimelineHistory.root(Timeline.FIRST),
            List.of(),
            Map.of(),
            List.of(),
            Optional.empty(),
            Optional.empty(),
            List.of()),
        TWO);
  }

  private void awaitEnd() {
    await()
        .until(
            () ->
                book.running().isEmpty()
                    && book.lastEnded().isPresent()
                    && made.stream().noneMatch(Backups::busy));
  }

  @Test
  void aBackupWhoseWalIsNotThereCountsForNothing() {
    Backups backups = backups();

    backups.consider(known(Set.of(), now.get()));
    backups.startIfOwed();
    awaitEnd();

    assertThat(book.lastEnded()).isPresent();
  }

  /// What is told as its end comes before its lease is given back.
  @Test
  void takesNoSecondOneWhileTheFirstOneGivesBackItsLease() {
    Backups backups = backups();
    taker.gateAfterEnd = new CountDownLatch(1);
    backups.consider(known());
    backups.startIfOwed();
    await().until(() -> book.lastEnded().isPresent());

    backups.startIfOwed();
    assertThat(taker.runs).hasValue(1);

    taker.gateAfterEnd.countDown();
    awaitEnd();
    backups.startIfOwed();
    assertThat(taker.runs).hasValue(1);
  }

  @Test
  void takesTheFirstBackupOfALineageAtOnce() {
    Backups backups = backups();

    backups.consider(known());
    backups.startIfOwed();

    awaitEnd();
    assertThat(taker.runs).hasValue(1);
    await().untilAsserted(() -> assertThat(afterwards).hasValue(1));
  }

  /// P51.
  @Test
  void makesUpForAMissedRunOnce() {
    Backups backups = backups();

    backups.consider(known(TWO.minusSeconds(3600)));
    backups.startIfOwed();
    awaitEnd();
    // the listing was made before the sentinel stood
    backups.consider(known(TWO.minusSeconds(3600)));
    backups.startIfOwed();

    assertThat(taker.runs).hasValue(1);
  }

  @Test
  void owesNothingBetweenTwoRuns() {
    Backups backups = backups();

    backups.consider(known(TWO.plusSeconds(30)));
    backups.startIfOwed();

    assertThat(book.running()).isEmpty();
    assertThat(taker.runs).hasValue(0);
  }

  @Test
  void startsNoneByItselfBesideAStandbyOrWhereBackupsAreOff() {
    Backups beside = backups();
    server = Servers.standby();
    beside.consider(known());
    beside.startIfOwed();
    beside.scheduled();

    server = Servers.primary();
    Backups off = backups(false);
    off.consider(known());
    off.startIfOwed();

    assertThat(book.running()).isEmpty();
    assertThat(taker.runs).hasValue(0);
  }

  @Test
  void startsThemBesideAStandbyWhereToldAndThereOnly() {
    timing = "schedule: \"0 2 * * *\", from: standby";
    Backups backups = backups();
    backups.consider(known());
    backups.startIfOwed();
    backups.scheduled();
    assertThat(taker.runs).hasValue(0);

    server = Servers.standby();
    backups.startIfOwed();

    await().untilAsserted(() -> assertThat(afterwards).hasValue(1));
    assertThat(taker.runs).hasValue(1);
  }

  @Test
  void owesOneWhereWalIsMissingBehindTheNewest() {
    Backups backups = backups();
    WalGap gap = new WalGap(SEGMENT.next(), SEGMENT.next().next(), GapState.OPEN);

    backups.consider(known(List.of(gap), TWO.plusSeconds(30)));
    backups.startIfOwed();
    assertThat(taker.runs).as("may be on its way").hasValue(0);
    backups.consider(known(List.of(gap), TWO.plusSeconds(30)));
    backups.startIfOwed();
    awaitEnd();
    // listings that were made before the sentinel stood
    backups.consider(known(List.of(gap), TWO.plusSeconds(30)));
    backups.consider(known(List.of(gap), TWO.plusSeconds(30)));
    backups.startIfOwed();

    assertThat(taker.runs).hasValue(1);
  }

  /// On an idle server no whole segment lies behind the gap, so no listing shows it.
  @Test
  void owesOneForAGapThatNoListingShowsYet() {
    Backups backups = backups();
    backups.gapOpened();
    backups.consider(known(TWO.plusSeconds(30)));
    backups.startIfOwed();
    awaitEnd();
    assertThat(taker.runs).hasValue(1);

    now.set(now.get().plusSeconds(1));
    backups.gapOpened();
    taker.gate = new CountDownLatch(1);
    backups.startIfOwed();
    await().untilAsserted(() -> assertThat(taker.runs).hasValue(2));
    now.set(now.get().plusSeconds(1));
    backups.gapOpened();
    taker.gate.countDown();
    await().untilAsserted(() -> assertThat(backups.busy()).isFalse());
    backups.consider(known(TWO.plusSeconds(30)));
    now.set(now.get().plusSeconds(1));
    backups.startIfOwed();
    await()
        .untilAsserted(
            () -> assertThat(taker.runs).as("one that began before the gap").hasValue(3));
    await().untilAsserted(() -> assertThat(backups.busy()).isFalse());
    backups.consider(known(TWO.plusSeconds(30)));
    backups.startIfOwed();
    assertThat(taker.runs).hasValue(3);
  }

  @Test
  void owesNoneForAGapBeforeTheNewest() {
    Backups backups = backups();
    WalGap gap = new WalGap(SEGMENT.previous(), SEGMENT.previous(), GapState.CLOSED);

    backups.consider(known(List.of(gap), TWO.plusSeconds(30)));
    backups.consider(known(List.of(gap), TWO.plusSeconds(30)));
    backups.startIfOwed();

    assertThat(taker.runs).hasValue(0);
  }

  @Test
  void isBusyUntilItsLastWorkIsDone() {
    Backups backups = backups();
    assertThat(backups.busy()).isFalse();
    AtomicInteger idle = new AtomicInteger();
    backups.whenIdle(idle::incrementAndGet);
    assertThat(idle).hasValue(1);
    taker.gate = new CountDownLatch(1);
    backups.request(BackupRequest.CONFIGURED);

    backups.whenIdle(idle::incrementAndGet);
    assertThat(backups.busy()).isTrue();
    assertThat(idle).hasValue(1);
    taker.gate.countDown();

    await().untilAsserted(() -> assertThat(idle).hasValue(2));
    await().untilAsserted(() -> assertThat(backups.busy()).isFalse());
  }

  @Test
  void takesOneThatSomebodyAsksForAlsoWhereBackupsAreOff() {
    assertThat(backups(false).request(BackupRequest.CONFIGURED)).isInstanceOf(Answer.Started.class);

    awaitEnd();
    assertThat(taker.runs).hasValue(1);
  }

  @Test
  void takesOneWhenTheScheduleComes() {
    backups().scheduled();

    awaitEnd();
    assertThat(taker.runs).hasValue(1);
  }

  @Test
  void owesNothingAnyMoreWhenSomebodyElseTookIt() {
    Backups backups = backups();
    server = Servers.standby();
    backups.consider(known(TWO.minusSeconds(3600)));
    backups.consider(known(TWO.plusSeconds(30)));

    server = Servers.primary();
    backups.startIfOwed();

    assertThat(taker.runs).hasValue(0);
    assertThat(book.running()).isEmpty();
  }

  @Test
  void takesOneAtATime() {
    Backups backups = backups();
    taker.gate = new CountDownLatch(1);

    Answer first = backups.request(BackupRequest.CONFIGURED);
    Answer second = backups.request(BackupRequest.CONFIGURED);

    String id = ((Answer.Started) first).run().id();
    assertThat(second)
        .isInstanceOfSatisfying(
            Answer.AlreadyRunning.class, answer -> assertThat(answer.run().id()).isEqualTo(id));
    taker.gate.countDown();
    awaitEnd();
    assertThat(backups.find(id).map(BackupRunView::state)).contains(State.COMPLETED);
  }

  @Test
  void refusesWhileTheLineageIsNotKnown() {
    server = Optional.empty();
    Backups backups = backups();

    assertThatThrownBy(() -> backups.request(BackupRequest.CONFIGURED))
        .isInstanceOf(PgBackupException.class)
        .hasMessageContaining("not known yet");
  }

  @Test
  void reportsAFailureAndTriesAgainAfterAMinute() {
    Problem problem = Problem.timedOut("no segment arrived", "Look.");
    taker.failure = Optional.of(problem);
    Backups backups = backups();
    backups.consider(known());
    backups.startIfOwed();
    awaitEnd();
    assertThat(problems.about(About.BACKUP)).contains(problem);
    assertThat(book.figures().failed()).isOne();

    backups.startIfOwed();
    assertThat(taker.runs).as("at once").hasValue(1);

    taker.failure = Optional.empty();
    now.updateAndGet(before -> before.plusSeconds(60));
    backups.startIfOwed();
    await().untilAsserted(() -> assertThat(taker.runs).hasValue(2));
    await().untilAsserted(() -> assertThat(problems.about(About.BACKUP)).isEmpty());
  }

  @Test
  void whatTheStoreFailedIsTakenAsSoonAsTheStoreAnswers() {
    taker.failure = Optional.of(Problem.storageUnavailable("the store is away", "Wait."));
    now.set(TWO.minusSeconds(10));
    Backups backups = backups();
    backups.consider(known());
    backups.startIfOwed();
    awaitEnd();
    await().untilAsserted(() -> assertThat(backups.busy()).isFalse());
    backups.startIfOwed();
    assertThat(taker.runs).as("at once").hasValue(1);

    // it is read at two
    now.set(TWO.plusSeconds(1));
    backups.consider(known());
    backups.startIfOwed();
    await().untilAsserted(() -> assertThat(taker.runs).hasValue(2));
    await().untilAsserted(() -> assertThat(backups.busy()).isFalse());
    backups.consider(known());
    backups.startIfOwed();
    assertThat(taker.runs).as("read before it failed again").hasValue(2);
  }

  @Test
  void saysThatARunHasNotBegunInTimeAndMakesUpForItByOne() {
    timing = "schedule: \"0 * * * *\", deadline: 10m";
    server = Optional.empty();
    Backups backups = backups();
    now.set(TWO.plusSeconds(3600 + 599));
    backups.lookForMissed();
    assertThat(problems.about(About.BACKUP)).as("not late yet").isEmpty();

    now.set(TWO.plusSeconds(3600 + 600));
    backups.lookForMissed();
    assertThat(problems.about(About.BACKUP).orElseThrow().message())
        .isEqualTo(
            "the base backup of 2026-11-21T03:00:00Z has not begun within 10 min:"
                + " PostgreSQL does not answer");

    server = Servers.primary();
    lineages.check();
    now.set(TWO.plusSeconds(3 * 3600 + 60));
    taker.gate = new CountDownLatch(1);
    backups.consider(known(TWO));
    backups.startIfOwed();
    assertThat(problems.about(About.BACKUP)).as("it has begun").isEmpty();
    taker.gate.countDown();
    awaitEnd();
    backups.consider(known(TWO));
    backups.startIfOwed();
    backups.lookForMissed();

    assertThat(taker.runs).hasValue(1);
    assertThat(problems.about(About.BACKUP)).isEmpty();
  }

  @Test
  void missesNothingBesideAStandbyOrWithoutADeadlineOrWhereSomebodyElseTookIt() {
    Backups without = backups();
    timing = "schedule: \"0 * * * *\", deadline: 10m";
    Backups within = backups();
    within.consider(known(TWO.plusSeconds(86_000)));
    server = Servers.standby();
    Backups beside = backups();
    now.set(TWO.plusSeconds(86_400));

    without.lookForMissed();
    beside.lookForMissed();
    server = Servers.primary();
    within.lookForMissed();

    assertThat(problems.about(About.BACKUP)).isEmpty();
  }

  @Test
  void oneThatTookTooLongIsNotTriedAgainBeforeTheScheduleComes() {
    timing = "schedule: \"0 * * * *\", deadline: 10m";
    taker.failure =
        Optional.of(Problem.timedOut("the base backup was ended after 10 min", "Look."));
    taker.gate = new CountDownLatch(1);
    Backups backups = backups();
    backups.scheduled();
    now.updateAndGet(begun -> begun.plusSeconds(600));
    taker.gate.countDown();
    awaitEnd();
    await().until(() -> problems.about(About.BACKUP).isPresent());

    assertRunsAgainOnlyAtTheNextFullHour(backups);
  }

  /// The pages do not mend themselves, and each attempt reads everything.
  @Test
  void oneThatFailedForCorruptPagesWaitsForTheSchedule() {
    timing = "schedule: \"0 * * * *\", corruptPages: fail";
    taker.failure = Optional.of(Problem.verificationFailed("page checksums do not hold", "Look."));
    Backups backups = backups();
    backups.scheduled();
    awaitEnd();
    await().until(() -> problems.about(About.BACKUP).isPresent());

    assertRunsAgainOnlyAtTheNextFullHour(backups);
  }

  private void assertRunsAgainOnlyAtTheNextFullHour(Backups backups) {
    now.set(TWO.plusSeconds(3599));
    backups.consider(known());
    backups.startIfOwed();
    assertThat(taker.runs).hasValue(1);

    now.set(TWO.plusSeconds(3600));
    backups.startIfOwed();
    await().untilAsserted(() -> assertThat(taker.runs).hasValue(2));
  }

  @Test
  void breaksOffABackupUnderWayWhenTheAgentStops() {
    Backups backups = backups();
    taker.gate = new CountDownLatch(1);
    backups.request(BackupRequest.CONFIGURED);

    backups.drain();

    assertThat(book.lastEnded().map(BackupRunView::state)).contains(State.FAILED);
    assertThatThrownBy(() -> backups.request(BackupRequest.CONFIGURED))
        .hasMessageContaining("stopping");
  }

  @Test
  void letsABackupThatOnlyAwaitsItsWalFinishWhenTheAgentStops() {
    Backups backups = backups();
    taker.gateBeforeEnd = new CountDownLatch(1);
    backups.request(BackupRequest.CONFIGURED);
    await()
        .until(() -> book.running().filter(run -> run.state() == State.AWAITING_WAL).isPresent());

    Thread stopping = Thread.ofVirtual().start(backups::drain);
    await().until(() -> stopping.getState() == Thread.State.TIMED_WAITING);
    taker.gateBeforeEnd.countDown();

    awaitEnd();
    assertThat(book.lastEnded().map(BackupRunView::state)).contains(State.COMPLETED);
  }

  @Test
  void aRunThatDiesIsAFailureAndBlocksNoOther() {
    Backups backups = backups();
    taker.death = Optional.of(new AssertionError("expected by this test"));
    backups.request(BackupRequest.CONFIGURED);
    awaitEnd();
    assertThat(book.lastEnded().map(BackupRunView::state)).contains(State.FAILED);
    await().untilAsserted(() -> assertThat(problems.about(About.BACKUP)).isPresent());

    taker.death = Optional.empty();
    assertThat(backups.request(BackupRequest.CONFIGURED)).isInstanceOf(Answer.Started.class);
    await().untilAsserted(() -> assertThat(taker.runs).hasValue(2));
  }

  @Test
  void aServerWhoseClockIsBehindGetsOneBackupAllTheSame() {
    Backups backups = backups();
    backups.scheduled();
    awaitEnd();

    backups.consider(known(TWO.minusSeconds(240)));
    backups.startIfOwed();

    assertThat(taker.runs).hasValue(1);
  }

  private final class ScriptedTaker implements BackupTaker {
    private final AtomicInteger runs = new AtomicInteger();
    private volatile CountDownLatch gate = new CountDownLatch(0);
    private volatile CountDownLatch gateBeforeEnd = new CountDownLatch(0);
    private volatile CountDownLatch gateAfterEnd = new CountDownLatch(0);
    private volatile Optional<Problem> failure = Optional.empty();
    private volatile Optional<AssertionError> death = Optional.empty();

    @Override
    public BackupRun.Ended run(String id, BackupRequest request, BackupObserver observer) {
      runs.incrementAndGet();
      death.ifPresent(
          error -> {
            throw error;
          });
      observer.became(new BackupRun.Probing(id, now.get()));
      try {
        gate.await();
        observer.became(new BackupRun.Pushing(id, NAME, now.get()));
        observer.became(new BackupRun.Verifying(id, NAME, SEGMENT, SEGMENT, now.get()));
        gateBeforeEnd.await();
      } catch (InterruptedException _) {
        return ended(observer, new BackupRun.Failed(id, Problem.bug("interrupted"), now.get()));
      }
      return ended(
          observer,
          failure.isPresent()
              ? new BackupRun.Failed(id, failure.get(), now.get())
              : new BackupRun.Completed(id, taken(), now.get()));
    }

    private BackupRun.Ended ended(BackupObserver observer, BackupRun.Ended end) {
      observer.became(end);
      try {
        gateAfterEnd.await();
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
      return end;
    }

    private TakenBackup taken() {
      return new TakenBackup(
          NAME,
          Lsn.parse("0/2000028"),
          Lsn.parse("0/2000120"),
          now.get(),
          now.get(),
          1,
          1,
          1,
          List.of());
    }
  }
}
