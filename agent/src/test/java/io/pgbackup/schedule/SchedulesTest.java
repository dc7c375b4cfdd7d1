package io.pgbackup.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SchedulesTest {
  private static final Timing NEW_YEAR = utc("0 0 1 1 *");

  private final Schedules schedules = new Schedules();

  private static Timing utc(String crontab) {
    return new Timing(Crontab.parse(crontab), ZoneOffset.UTC);
  }

  @AfterEach
  void close() {
    schedules.close();
  }

  /// P51.
  @Test
  void makesUpForAllMissedRunsByOne() {
    AtomicInteger runs = new AtomicInteger();
    Instant threeYearsAgo = Instant.now().minus(Duration.ofDays(3 * 365));

    schedules.add("backup", NEW_YEAR, threeYearsAgo, runs::incrementAndGet);

    await().untilAsserted(() -> assertThat(runs).hasValue(1));
    assertThat(schedules.next("backup")).contains(NEW_YEAR.firstAfter(Instant.now()).orElseThrow());
  }

  @Test
  void anotherScheduleTakesTheOldOnesPlace() {
    AtomicInteger runs = new AtomicInteger();
    Instant now = Instant.now();
    Timing byDays = utc("0 0 13 * 5");
    schedules.add("backup", byDays, now, runs::incrementAndGet);

    schedules.replace("backup", NEW_YEAR, now, runs::incrementAndGet);
    assertThat(schedules.next("backup")).isEqualTo(NEW_YEAR.firstAfter(now));

    schedules.replace("backup", byDays, now, runs::incrementAndGet);
    assertThat(schedules.next("backup")).isEqualTo(byDays.firstAfter(now));

    schedules.remove("backup");
    schedules.remove("backup");
    assertThat(schedules.next("backup")).isEmpty();
    assertThat(runs).hasValue(0);
  }

  @Test
  void goesOnAfterWorkThatFailed() {
    AtomicInteger others = new AtomicInteger();
    Instant twoYearsAgo = Instant.now().minus(Duration.ofDays(2 * 366));

    for (int schedule = 0; schedule < 4; schedule++) {
      schedules.add(
          "failing " + schedule,
          NEW_YEAR,
          twoYearsAgo,
          () -> {
            throw new IllegalStateException("expected by this test");
          });
    }
    schedules.add("backup", NEW_YEAR, twoYearsAgo, others::incrementAndGet);

    await().untilAsserted(() -> assertThat(others).hasValue(1));
    assertThat(schedules.next("failing 0")).isPresent();
  }

  @Test
  void worksOnNamedDaemonThreads() {
    List<Thread> threads = Collections.synchronizedList(new ArrayList<>());

    schedules.add(
        "backup",
        NEW_YEAR,
        Instant.now().minus(Duration.ofDays(2 * 366)),
        () -> threads.add(Thread.currentThread()));

    await().untilAsserted(() -> assertThat(threads).hasSize(1));
    assertThat(threads.getFirst().getName()).startsWith("schedule-run-");
    assertThat(threads.getFirst().isDaemon()).isTrue();
  }

  @Test
  void knowsWhenWorkComesNext() {
    Instant now = Instant.now();
    Timing either = utc("0 2 */2 * 5");

    schedules.add("backup", either, now, () -> {});

    assertThat(schedules.next("backup")).isEqualTo(either.firstAfter(now));
    assertThat(schedules.next("retention")).isEmpty();
  }

  @Test
  void comesAgainAndAgain() {
    AtomicInteger runs = new AtomicInteger();
    // each run is behind by years until the clock has caught up: one makes up for all of them
    Timing everyMinute = utc("* * * * *");

    schedules.add(
        "backup", everyMinute, Instant.now().minus(Duration.ofDays(400)), runs::incrementAndGet);

    await().untilAsserted(() -> assertThat(runs).hasValueGreaterThan(0));
    await()
        .untilAsserted(
            () ->
                assertThat(schedules.next("backup"))
                    .hasValueSatisfying(next -> assertThat(next).isAfter(Instant.now())));
  }

  @Test
  void comesLaterByItsDelay() {
    Instant now = Instant.now();
    Timing late = new Timing(Crontab.parse("0 0 1 1 *"), ZoneOffset.UTC, Duration.ofMinutes(7));

    schedules.add("backup", late, now, () -> {});

    assertThat(schedules.next("backup"))
        .isEqualTo(NEW_YEAR.firstAfter(now.minus(late.delay())).map(time -> time.plusSeconds(420)));
  }

  @Test
  void refusesASecondScheduleOfTheSameName() {
    schedules.add("backup", NEW_YEAR, Instant.now(), () -> {});

    assertThatThrownBy(() -> schedules.add("backup", NEW_YEAR, Instant.now(), () -> {}))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void twoSchedulersInOneProcessKnowNothingOfEachOther() {
    schedules.add("backup", NEW_YEAR, Instant.now(), () -> {});

    try (Schedules others = new Schedules()) {
      assertThat(others.next("backup")).isEmpty();
    }
    assertThat(schedules.next("backup")).isPresent();
  }

  @Test
  void aRunThatComesWhileOneIsUnderWayIsCountedAsThatOne() {
    AtomicInteger runs = new AtomicInteger();
    ScheduledJob[] job = new ScheduledJob[1];
    job[0] =
        new ScheduledJob(
            "backup",
            NEW_YEAR,
            () -> {
              runs.incrementAndGet();
              job[0].run();
            });

    job[0].run();

    assertThat(runs).hasValue(1);
  }
}
