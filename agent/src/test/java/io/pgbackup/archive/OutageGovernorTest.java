package io.pgbackup.archive;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.archive.OutageGovernor.Level;
import io.pgbackup.archive.OutageGovernor.Outage;
import io.pgbackup.archive.OutageGovernor.Reading;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class OutageGovernorTest {
  private static final Instant START = Instant.parse("2026-11-21T02:00:00Z");
  private static final long GIB = 1L << 30;
  private static final Duration LOOK = Duration.ofSeconds(10);

  private final OutageGovernor governor = new OutageGovernor();
  private Instant now = START;
  private long backlog;
  private long free = 100 * GIB;
  private Duration waiting = Duration.ZERO;

  /// An outage that goes on for so long, with so many bytes of WAL in each second.
  private Outage outage(Duration length, long rate) {
    Instant end = now.plus(length);
    Outage last = look();
    while (now.isBefore(end)) {
      now = now.plus(LOOK);
      waiting = waiting.plus(LOOK);
      backlog += rate * LOOK.toSeconds();
      free -= rate * LOOK.toSeconds();
      last = look();
    }
    return last;
  }

  private Outage look() {
    return governor.observe(new Reading(now, waiting, backlog, Optional.of(free)));
  }

  @Test
  void anOutageGoesFromNormalOverBehindToCriticalAndBack() {
    assertThat(outage(Duration.ofSeconds(110), 8 << 20).level()).isEqualTo(Level.NORMAL);

    Outage behind = outage(Duration.ofMinutes(10), 8 << 20);
    assertThat(behind.level()).isEqualTo(Level.BEHIND);
    assertThat(behind.since()).isEqualTo(START.plusSeconds(120));
    assertThat(behind.untilFull().map(Duration::toMinutes)).contains(free / (8 << 20) / 60);

    outage(Duration.ofHours(3), 8 << 20);
    assertThat(look().level()).isEqualTo(Level.CRITICAL);

    // the store is back, and the backlog shrinks
    for (int minute = 0; minute < 6; minute++) {
      now = now.plusSeconds(60);
      backlog -= 5 * GIB;
      look();
    }
    assertThat(look().level()).isEqualTo(Level.BEHIND);
    waiting = Duration.ofSeconds(29);
    assertThat(look().level()).isEqualTo(Level.NORMAL);
  }

  @Test
  void aBacklogThatDoesNotGrowIsNeverCritical() {
    Outage last = outage(Duration.ofHours(5), 0);

    assertThat(last.level()).isEqualTo(Level.BEHIND);
    assertThat(last.untilFull()).isEmpty();
  }

  @Test
  void whereTheVolumeCannotBeSeenNothingIsGuessed() {
    for (int look = 0; look < 100; look++) {
      now = now.plus(LOOK);
      Outage outage =
          governor.observe(
              new Reading(now, Duration.ofSeconds(10L * look), look * GIB, Optional.empty()));
      assertThat(outage.untilFull()).isEmpty();
      assertThat(outage.level()).isNotEqualTo(Level.CRITICAL);
    }
  }

  @Test
  void aVolumeThatIsNotSeenForAWhileEndsNoAlarm() {
    outage(Duration.ofHours(3), 9 << 20);
    now = now.plus(LOOK);

    Outage blind = governor.observe(new Reading(now, waiting, backlog, Optional.empty()));

    assertThat(blind.level()).isEqualTo(Level.CRITICAL);
  }

  @Property(tries = 500)
  void everyLevelSaysWhatIsSo(@ForAll("histories") List<Reading> history) {
    OutageGovernor any = new OutageGovernor();
    Level before = Level.NORMAL;
    Instant since = history.getFirst().at();
    for (Reading reading : history) {
      Outage outage = any.observe(reading);
      boolean soon =
          outage
              .untilFull()
              .filter(left -> left.compareTo(OutageGovernor.CRITICAL_FROM) < 0)
              .isPresent();
      boolean late =
          outage
              .untilFull()
              .filter(left -> left.compareTo(OutageGovernor.BEHIND_AGAIN_FROM) >= 0)
              .isPresent();
      if (reading.waiting().compareTo(OutageGovernor.NORMAL_FROM) < 0) {
        assertThat(outage.level()).isEqualTo(Level.NORMAL);
      } else if (reading.waiting().compareTo(OutageGovernor.BEHIND_FROM) >= 0) {
        assertThat(outage.level()).isNotEqualTo(Level.NORMAL);
        assertThat(outage.level() == Level.CRITICAL || !soon).as("soon full").isTrue();
      } else {
        // between the two limits it stays whether it is behind
        assertThat(outage.level() == Level.NORMAL).isEqualTo(before == Level.NORMAL);
      }
      assertThat(outage.level() == Level.CRITICAL && late).as("hours are left").isFalse();
      since = outage.level() == before ? since : reading.at();
      assertThat(outage.since()).isEqualTo(since);
      before = outage.level();
    }
  }

  @Property(tries = 200)
  void whatStaysAroundOneLimitChangesTheLevelOnceAtMost(
      @ForAll("aroundALimit") List<Integer> seconds) {
    OutageGovernor any = new OutageGovernor();
    List<Level> levels = new ArrayList<>();
    Instant at = START;
    for (int waited : seconds) {
      at = at.plus(LOOK);
      levels.add(
          any.observe(new Reading(at, Duration.ofSeconds(waited), 0, Optional.of(GIB))).level());
    }

    long changes = 0;
    for (int i = 1; i < levels.size(); i++) {
      changes += levels.get(i) == levels.get(i - 1) ? 0 : 1;
    }
    assertThat(changes).isLessThanOrEqualTo(1);
  }

  @Provide
  Arbitrary<List<Integer>> aroundALimit() {
    return Arbitraries.integers().between(40, 200).list().ofMinSize(2).ofMaxSize(60);
  }

  @Provide
  Arbitrary<List<Reading>> histories() {
    Arbitrary<Reading> step =
        Combinators.combine(
                Arbitraries.integers().between(1, 120),
                Arbitraries.integers().between(0, 300),
                Arbitraries.longs().between(0, 50 * GIB),
                Arbitraries.longs().between(0, 20 * GIB).injectNull(0.1))
            .as(
                (pause, waited, behind, left) ->
                    new Reading(
                        Instant.ofEpochSecond(pause),
                        Duration.ofSeconds(waited),
                        behind,
                        Optional.ofNullable(left)));
    return step.list()
        .ofMinSize(1)
        .ofMaxSize(60)
        .map(
            steps -> {
              List<Reading> history = new ArrayList<>();
              Instant at = START;
              for (Reading one : steps) {
                at = at.plusSeconds(one.at().getEpochSecond());
                history.add(new Reading(at, one.waiting(), one.backlog(), one.free()));
              }
              return history;
            });
  }
}
