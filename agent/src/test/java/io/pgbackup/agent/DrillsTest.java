package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgbackup.archive.OutageGovernor.Level;
import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.config.ConfigLoader;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.drill.DrillCheck;
import io.pgbackup.drill.DrillVerdict;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.GoldenArchive;
import io.pgbackup.testing.SteppingClock;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// When drills come, and when not; each day at five.
class DrillsTest {
  private static final Instant MORNING = Instant.parse("2026-11-21T04:00:00Z");
  private static final String FIVE = "2026-11-21T05:00:00Z";

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private final SteppingClock clock = new SteppingClock(MORNING);
  private final Problems problems = new Problems(clock);
  private final FakeTrial trial = new FakeTrial();
  private final List<DrillVerdict> kept = new ArrayList<>();
  private String settings = "";
  private boolean here = true;
  private boolean backingUp;
  private Optional<Level> archiving = Optional.of(Level.NORMAL);
  private Optional<LineageCatalog> archive = Optional.empty();
  private Optional<DrillVerdict> newest = Optional.empty();
  private Drills drills;

  @BeforeEach
  void open() {
    GoldenArchive.copyInto(folder.resolve("g"));
    try (FileObjectStore store = FileObjectStore.open(folder)) {
      archive =
          Optional.of(
              new Catalog(store, ObjectCipher.NONE)
                  .read(
                      new Lineage(
                          new ClusterId("default", "orders"),
                          new LineageUid("g"),
                          StoreFolder.of("g"),
                          Optional.empty())));
    }
    drills =
        new Drills(
            new Drills.Surroundings(
                this::config,
                () -> here,
                () -> backingUp,
                () -> archiving,
                () -> archive,
                () -> newest,
                verdict -> {
                  kept.add(verdict);
                  newest = Optional.of(verdict);
                }),
            trial,
            problems,
            clock);
  }

  @AfterEach
  void close() {
    trial.mayEnd.countDown();
    drills.close();
  }

  private PgBackupConfig config() {
    return new ConfigLoader(Map.of())
        .parse(
            "test",
            """
            cluster: { name: orders }
            storage: { url: s3://backups }
            drill: { enabled: true, schedule: "0 5 * * *", directory: /srv/drills%s }
            """
                .formatted(settings));
  }

  private DrillVerdict verdict(Instant at, boolean passed) {
    return new DrillVerdict(
        at,
        "here",
        "default/orders",
        "g",
        Optional.empty(),
        GoldenArchive.FULL,
        Optional.empty(),
        Optional.of(Duration.ofSeconds(9)),
        Optional.empty(),
        Optional.empty(),
        List.of(
            new DrillCheck(
                "restore",
                passed ? DrillCheck.Result.PASSED : DrillCheck.Result.FAILED,
                "an object is damaged",
                "Look at it.")));
  }

  private void lookAt(String instant) {
    clock.advance(Duration.between(clock.instant(), Instant.parse(instant)));
    drills.look();
  }

  private void awaitRuns(int runs) {
    await()
        .until(
            () -> trial.runs.get() == runs && drills.view().orElseThrow().runningSince().isEmpty());
  }

  private Optional<String> problem() {
    return problems.about(Problems.About.DRILL).map(Problem::message);
  }

  @Test
  void comesWithItsScheduleAndKeepsWhatItFound() {
    trial.mayEnd.countDown();
    drills.look();
    assertThat(trial.sweeps).hasValue(1);
    clock.advance(Duration.ofHours(1));
    drills.scheduled();
    drills.look();
    awaitRuns(1);
    assertThat(kept).hasSize(1);
    assertThat(problem()).isEmpty();
    lookAt("2026-11-22T04:59:00Z");
    assertThat(trial.runs).hasValue(1);
    assertThat(trial.sweeps).as("only what was there before").hasValue(1);
  }

  @Test
  void oneMakesUpForAllThatWereMissedAndAnybodysVerdictCounts() {
    trial.mayEnd.countDown();
    newest = Optional.of(verdict(Instant.parse("2026-11-18T05:00:10Z"), true));
    drills.look();
    awaitRuns(1);
    lookAt("2026-11-21T04:59:00Z");
    assertThat(trial.runs).hasValue(1);

    newest = Optional.of(verdict(Instant.parse("2026-11-21T05:00:01Z"), true));
    lookAt("2026-11-21T05:00:05Z");
    assertThat(drills.view().orElseThrow().overdueSince()).isEmpty();
    assertThat(trial.runs).hasValue(1);
  }

  /// Whoever never drilled does not begin in the middle of the day because the agent was restarted.
  @Test
  void theFirstOneWaitsForTheSchedule() {
    clock.advance(Duration.ofHours(5));
    drills.look();

    assertThat(trial.runs).hasValue(0);
    assertThat(drills.view().orElseThrow().overdueSince()).contains(Instant.parse(FIVE));
  }

  @Test
  void waitsWhileArchivingIsBehindAndSaysWhatKeepsIt() {
    settings = ", deadline: 30m";
    trial.mayEnd.countDown();
    newest = Optional.of(verdict(MORNING.minus(Duration.ofHours(1)), true));
    archiving = Optional.of(Level.BEHIND);
    lookAt(FIVE);
    lookAt("2026-11-21T05:29:00Z");
    assertThat(problem()).isEmpty();
    lookAt("2026-11-21T05:30:00Z");
    assertThat(problem())
        .contains(
            "the drill of 2026-11-21T05:00:00Z has not begun within 30 min: archiving is behind");

    archiving = Optional.of(Level.NORMAL);
    backingUp = true;
    drills.look();
    backingUp = false;
    here = false;
    drills.look();
    assertThat(trial.runs).hasValue(0);

    here = true;
    drills.look();
    awaitRuns(1);
    assertThat(problem()).isEmpty();
  }

  @Test
  void isEndedWhereWalIsAboutToFillItsVolume() {
    newest = Optional.of(verdict(MORNING.minus(Duration.ofDays(1)), true));
    drills.look();
    await().until(() -> trial.runs.get() == 1);
    archiving = Optional.of(Level.CRITICAL);
    drills.look();

    await().until(() -> drills.view().orElseThrow().runningSince().isEmpty());
    assertThat(trial.aborts).hasValue(1);
    assertThat(problem()).contains("the drill was ended, because WAL that waits fills its volume");
    assertThat(kept).isEmpty();
  }

  @Test
  void oneThatTakesTooLongIsNotTriedBeforeItsNextTime() {
    settings = ", deadline: 30m";
    newest = Optional.of(verdict(MORNING.minus(Duration.ofHours(1)), true));
    lookAt(FIVE);
    await().until(() -> trial.runs.get() == 1);
    lookAt("2026-11-21T05:30:01Z");
    await().until(() -> drills.view().orElseThrow().runningSince().isEmpty());
    assertThat(problem()).contains("the drill had not ended after 30 min");

    lookAt("2026-11-22T04:59:59Z");
    assertThat(trial.runs).hasValue(1);
    lookAt("2026-11-22T05:00:00Z");
    await().until(() -> trial.runs.get() == 2);
  }

  @Test
  void whatBrokeOffIsTriedAgainAndAFailureIsTold() {
    trial.mayEnd.countDown();
    trial.lacks = Optional.of(Problem.refused("no room", "Make some."));
    newest = Optional.of(verdict(MORNING.minus(Duration.ofDays(1)), true));
    drills.look();
    awaitRuns(1);
    assertThat(problem()).contains("no room");
    drills.look();
    assertThat(trial.runs).as("not at once").hasValue(1);

    trial.lacks = Optional.empty();
    trial.passes = false;
    clock.advance(Duration.ofMinutes(1));
    drills.look();
    awaitRuns(2);
    assertThat(kept).hasSize(1);
    assertThat(problem().orElseThrow())
        .contains(GoldenArchive.FULL, "restore: an object is damaged");
  }

  @Test
  void closedItEndsWhatIsUnderWay() {
    newest = Optional.of(verdict(MORNING.minus(Duration.ofDays(1)), true));
    drills.look();
    await().until(() -> trial.runs.get() == 1);

    drills.close();

    assertThat(trial.aborts).hasValueGreaterThanOrEqualTo(1);
    assertThat(drills.view().orElseThrow().runningSince()).isEmpty();
    assertThat(kept).isEmpty();
    assertThat(problem()).isEmpty();
  }

  /// Ends when it may, or when it is interrupted.
  private final class FakeTrial implements Trial {
    private final AtomicInteger sweeps = new AtomicInteger();
    private final AtomicInteger runs = new AtomicInteger();
    private final AtomicInteger aborts = new AtomicInteger();
    private final CountDownLatch mayEnd = new CountDownLatch(1);
    private Optional<Problem> lacks = Optional.empty();
    private boolean passes = true;

    @Override
    public void sweep(PgBackupConfig config) {
      sweeps.incrementAndGet();
    }

    @Override
    public DrillVerdict perform(PgBackupConfig config, LineageCatalog archive) {
      Instant at = clock.instant();
      runs.incrementAndGet();
      try {
        mayEnd.await();
      } catch (InterruptedException _) {
        throw Problem.timedOut("the drill was interrupted", "Run it again.").asException();
      }
      lacks.ifPresent(
          problem -> {
            throw problem.asException();
          });
      return verdict(at, passes);
    }

    @Override
    public void abort() {
      aborts.incrementAndGet();
    }
  }
}
