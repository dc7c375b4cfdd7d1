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
  private static final Crontab NEW_YEAR = Crontab.parse("0 0 1 1 *");

  private final Schedules schedules = new Schedules();

  @AfterEach
  void close() {
    schedules.close();
  }

  @Test
  void makesUpForAllMissedRunsByOne() {
    AtomicInteger runs = new AtomicInteger();
    Instant threeYearsAgo = Instant.now().minus(Duration.ofDays(3 * 365));

    schedules.add("backup", NEW_YEAR, ZoneOffset.UTC, threeYearsAgo, runs::incrementAndGet);

    await().untilAsserted(() -> assertThat(runs).hasValue(1));
    assertThat(schedules.next("backup"))
        .contains(Schedules.firstAfter(NEW_YEAR, ZoneOffset.UTC, Instant.now()).orElseThrow());
  }

  @Test
  void anotherScheduleTakesTheOldOnesPlace() {
    AtomicInteger runs = new AtomicInteger();
    Instant now = Instant.now();
    Crontab byDays = Crontab.parse("0 0 13 * 5");
    schedules.add("backup", byDays, ZoneOffset.UTC, now, runs::incrementAndGet);

    schedules.replace("backup", NEW_YEAR, ZoneOffset.UTC, now, runs::incrementAndGet);
    assertThat(schedules.next("backup"))
        .isEqualTo(Schedules.firstAfter(NEW_YEAR, ZoneOffset.UTC, now));

    schedules.replace("backup", byDays, ZoneOffset.UTC, now, runs::incrementAndGet);
    assertThat(schedules.next("backup"))
        .isEqualTo(Schedules.firstAfter(byDays, ZoneOffset.UTC, now));

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
          ZoneOffset.UTC,
          twoYearsAgo,
          () -> {
            throw new IllegalStateException("expected by this test");
          });
    }
    schedules.add("backup", NEW_YEAR, ZoneOffset.UTC, twoYearsAgo, others::incrementAndGet);

    await().untilAsserted(() -> assertThat(others).hasValue(1));
    assertThat(schedules.next("failing 0")).isPresent();
  }

  @Test
  void worksOnNamedDaemonThreads() {
    List<Thread> threads = Collections.synchronizedList(new ArrayList<>());

    schedules.add(
        "backup",
        NEW_YEAR,
        ZoneOffset.UTC,
        Instant.now().minus(Duration.ofDays(2 * 366)),
        () -> threads.add(Thread.currentThread()));

    await().untilAsserted(() -> assertThat(threads).hasSize(1));
    assertThat(threads.getFirst().getName()).startsWith("schedule-run-");
    assertThat(threads.getFirst().isDaemon()).isTrue();
  }

  @Test
  void knowsWhenWorkComesNext() {
    Instant now = Instant.now();
    Crontab either = Crontab.parse("0 2 */2 * 5");

    schedules.add("backup", either, ZoneOffset.UTC, now, () -> {});

    assertThat(schedules.next("backup"))
        .isEqualTo(Schedules.firstAfter(either, ZoneOffset.UTC, now));
    assertThat(schedules.next("retention")).isEmpty();
  }

  @Test
  void refusesASecondScheduleOfTheSameName() {
    schedules.add("backup", NEW_YEAR, ZoneOffset.UTC, Instant.now(), () -> {});

    assertThatThrownBy(
            () -> schedules.add("backup", NEW_YEAR, ZoneOffset.UTC, Instant.now(), () -> {}))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void twoSchedulersInOneProcessKnowNothingOfEachOther() {
    schedules.add("backup", NEW_YEAR, ZoneOffset.UTC, Instant.now(), () -> {});

    try (Schedules others = new Schedules()) {
      assertThat(others.next("backup")).isEmpty();
    }
    assertThat(schedules.next("backup")).isPresent();
  }

  @Test
  void twoTriggersOfOneMinuteRunOnce() {
    AtomicInteger runs = new AtomicInteger();
    ScheduledJob job = new ScheduledJob("backup", runs::incrementAndGet);

    job.run(Instant.parse("2026-11-13T02:00:00Z"));
    job.run(Instant.parse("2026-11-13T02:00:00.5Z"));
    job.run(Instant.parse("2026-11-13T02:01:00Z"));

    assertThat(runs).hasValue(2);
  }

  @Test
  void aRunThatComesWhileOneIsUnderWayIsCountedAsThatOne() {
    AtomicInteger runs = new AtomicInteger();
    ScheduledJob[] job = new ScheduledJob[1];
    job[0] =
        new ScheduledJob(
            "backup",
            () -> {
              runs.incrementAndGet();
              job[0].run(Instant.parse("2026-11-13T03:00:00Z"));
            });

    job[0].run(Instant.parse("2026-11-13T02:00:00Z"));

    assertThat(runs).hasValue(1);
  }
}
