package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.agent.Problems.About;
import io.pgbackup.archive.OutageGovernor.Level;
import io.pgbackup.archive.OutageGovernor.Outage;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutageWatchTest {
  private static final long GIB = 1L << 30;

  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.parse("2026-11-21T02:00:00Z"));
  private final Problems problems = new Problems(now::get);
  private final List<Level> told = new ArrayList<>();
  private Optional<LagTracker.Lag> lag = Optional.of(new LagTracker.Lag(Duration.ZERO, 0));
  private boolean concerned = true;
  private final OutageWatch watch =
      new OutageWatch(
          () -> lag, () -> concerned, () -> Optional.of(10 * GIB), told::add, problems, now::get);

  private void lookFor(Duration length, long rate) {
    Instant end = now.get().plus(length);
    while (now.get().isBefore(end)) {
      now.updateAndGet(before -> before.plusSeconds(10));
      lag =
          lag.map(
              before ->
                  new LagTracker.Lag(before.waiting().plusSeconds(10), before.bytes() + 10 * rate));
      watch.look();
    }
  }

  /// P20.
  @Test
  void tellsEachChangeOnceAndTheRemedyWhileItIsCritical() {
    lookFor(Duration.ofMinutes(30), 1 << 20);
    assertThat(told).containsExactly(Level.BEHIND);
    assertThat(problems.all()).isEmpty();

    lookFor(Duration.ofMinutes(30), 16 << 20);
    assertThat(told).containsExactly(Level.BEHIND, Level.CRITICAL);
    Problem problem = problems.about(About.VOLUME).orElseThrow();
    assertThat(problem.message())
        .isEqualTo("WAL that waits for the store fills the volume of pg_wal within 15 min");
    assertThat(problem.hint().orElseThrow()).contains("Delete nothing in pg_wal");

    lag = Optional.of(new LagTracker.Lag(Duration.ZERO, 0));
    watch.look();
    assertThat(told).containsExactly(Level.BEHIND, Level.CRITICAL, Level.NORMAL);
    assertThat(problems.all()).isEmpty();
  }

  @Test
  void aServerThatStoppedOnItsFullVolumeLeavesTheLevelAsItWas() {
    lookFor(Duration.ofMinutes(30), 16 << 20);
    Outage before = watch.outage().orElseThrow();
    lag = Optional.empty();

    lookFor(Duration.ofHours(3), 0);

    assertThat(watch.outage())
        .contains(
            new Outage(Level.CRITICAL, before.since(), Optional.of(10 * GIB), Optional.empty()));
    assertThat(told).as("nobody said that it is over").endsWith(Level.CRITICAL);
    assertThat(problems.about(About.VOLUME)).isPresent();

    lag = Optional.of(new LagTracker.Lag(Duration.ZERO, 0));
    watch.look();

    assertThat(watch.outage()).map(Outage::level).contains(Level.NORMAL);
    assertThat(told).endsWith(Level.NORMAL);
    assertThat(problems.all()).isEmpty();
  }

  @Test
  void aServerThatWentAwayWhileNothingWaitedHasNoLevel() {
    watch.look();
    lag = Optional.empty();

    watch.look();

    assertThat(watch.outage()).isEmpty();
    assertThat(told).isEmpty();
  }

  @Test
  void walThatIsLetGoFromNowOnEndsTheOutage() {
    lookFor(Duration.ofMinutes(30), 16 << 20);
    lag = Optional.empty();
    concerned = false;

    watch.look();

    assertThat(watch.outage()).isEmpty();
    assertThat(told).endsWith(Level.NORMAL);
    assertThat(problems.all()).isEmpty();
  }

  @Test
  void theRoomIsThatOfTheVolumeThatWalLiesOn(@TempDir Path folder) throws IOException {
    assertThat(OutageWatch.freeBeside(folder)).as("not to be seen").isEmpty();

    Path elsewhere = Files.createDirectory(folder.resolve("wal"));
    Files.createSymbolicLink(folder.resolve("pg_wal"), elsewhere);

    assertThat(OutageWatch.freeBeside(folder))
        .hasValueSatisfying(free -> assertThat(free).isPositive());
  }
}
