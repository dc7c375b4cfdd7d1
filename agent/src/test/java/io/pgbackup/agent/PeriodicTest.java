package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class PeriodicTest {
  private static final Duration FOR_EVER = Duration.ofDays(1);

  @Test
  void worksAgainAndAgain() {
    AtomicInteger rounds = new AtomicInteger();
    try (Periodic periodic =
        new Periodic(
            "test",
            () -> {
              rounds.incrementAndGet();
              return Duration.ofMillis(1);
            })) {
      periodic.start();

      await().untilAsserted(() -> assertThat(rounds).hasValueGreaterThan(3));
    }
    int ended = rounds.get();
    assertThat(rounds).hasValue(ended);
  }

  @Test
  void comesAtOnceWhenAsked() {
    AtomicInteger rounds = new AtomicInteger();
    try (Periodic periodic =
        new Periodic(
            "test",
            () -> {
              rounds.incrementAndGet();
              return FOR_EVER;
            })) {
      periodic.start();
      await().untilAsserted(() -> assertThat(rounds).hasValue(1));

      periodic.soon();

      await().untilAsserted(() -> assertThat(rounds).hasValue(2));
    }
  }
}
