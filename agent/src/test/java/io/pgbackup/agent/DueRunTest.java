package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class DueRunTest {
  private static final Instant NOW = Instant.parse("2026-11-21T02:00:00Z");

  private final DueRun due = new DueRun();

  @Test
  void nothingIsOwedBeforeItFallsDue() {
    assertThat(due.isOwed(NOW)).isFalse();
  }

  @Test
  void oneBackupPaysForAllThatFellDue() {
    due.fallDue();
    due.fallDue();
    due.fallDueAnew();
    assertThat(due.isOwed(NOW)).isTrue();

    due.paid();

    assertThat(due.isOwed(NOW)).isFalse();
  }

  @Test
  void isTriedAgainAfterPausesThatDoubleUpToAnHour() {
    due.fallDue();
    Instant failedAt = NOW;
    for (int minutes : new int[] {1, 2, 4, 8, 16, 32, 60, 60}) {
      due.failed(failedAt);
      Instant again = failedAt.plus(Duration.ofMinutes(minutes));
      assertThat(due.isOwed(again.minusMillis(1))).as("before %s min", minutes).isFalse();
      assertThat(due.isOwed(again)).as("after %s min", minutes).isTrue();
      failedAt = again;
    }
  }

  @Test
  void lookingAgainDoesNotShortenThePause() {
    due.fallDue();
    due.failed(NOW);

    due.fallDue();

    assertThat(due.isOwed(NOW)).isFalse();
  }

  @Test
  void theScheduleDoesNotWaitForThePause() {
    due.fallDue();
    due.failed(NOW);

    due.fallDueAnew();

    assertThat(due.isOwed(NOW)).isTrue();
  }

  @Test
  void aRunThatSomebodyAskedForOwesNothingWhenItFails() {
    due.failed(NOW);

    assertThat(due.isOwed(NOW.plus(Duration.ofDays(1)))).isFalse();
  }

  @Test
  void theNextFailureBeginsWithAShortPauseAgain() {
    due.fallDue();
    due.failed(NOW);
    due.failed(NOW);
    due.paid();
    due.fallDue();

    due.failed(NOW);

    assertThat(due.isOwed(NOW.plusSeconds(60))).isTrue();
  }

  @Test
  void whatFailedIsTriedAtOnceWhenItsReasonIsGone() {
    due.fallDue();
    due.failed(NOW);
    due.failed(NOW);

    due.retryNow();

    assertThat(due.isOwed(NOW)).isTrue();
    due.failed(NOW);
    assertThat(due.isOwed(NOW.plusSeconds(60))).isTrue();
  }

  @Test
  void aReasonThatSeemsGoneCountsOnceWithinThePauseThatStands() {
    due.fallDue();
    due.failed(NOW);
    assertThat(due.trySooner(NOW)).isTrue();
    assertThat(due.isOwed(NOW)).isTrue();

    due.failed(NOW);

    assertThat(due.trySooner(NOW.plusSeconds(60))).isFalse();
    assertThat(due.isOwed(NOW.plusSeconds(60))).isFalse();
    assertThat(due.trySooner(NOW.plus(Duration.ofMinutes(4)))).isTrue();
  }

  @Test
  void nothingIsOwedBecauseAReasonIsGone() {
    due.retryNow();

    assertThat(due.isOwed(NOW)).isFalse();
  }
}
