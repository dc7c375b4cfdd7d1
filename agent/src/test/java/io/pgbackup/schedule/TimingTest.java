package io.pgbackup.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class TimingTest {
  private static final Crontab NIGHTLY = Crontab.parse("0 2 * * *");

  private static Timing spread(Duration jitter, String name) {
    return Timing.spread(NIGHTLY, ZoneOffset.UTC, jitter, name);
  }

  @Test
  void theDelayIsTheSameEverywhereAndAfterEveryRestart() {
    assertThat(spread(Duration.ofHours(1), "default/orders base backup").delay())
        .isEqualTo(Duration.ofSeconds(2959));
  }

  @Test
  void withoutJitterItComesWhenTheCrontabSays() {
    assertThat(spread(Duration.ZERO, "default/orders"))
        .isEqualTo(new Timing(NIGHTLY, ZoneOffset.UTC));
  }

  @Test
  void clustersWhoseNamesAreAlikeSpreadOverTheWholeTime() {
    Set<Long> quarters =
        IntStream.range(0, 50)
            .mapToObj(number -> spread(Duration.ofHours(1), "default/orders-" + number))
            .map(timing -> timing.delay().toMinutes() / 15)
            .collect(Collectors.toSet());

    assertThat(quarters).containsExactlyInAnyOrder(0L, 1L, 2L, 3L);
  }

  @Property(tries = 200)
  void comesOnceForEachTimeOfTheCrontabAndLaterByTheDelay(
      @ForAll @IntRange(max = 200_000) int delay,
      @ForAll @LongRange(min = 1_600_000_000, max = 1_800_000_000) long second) {
    Timing exact = new Timing(NIGHTLY, ZoneOffset.UTC);
    Timing late = new Timing(NIGHTLY, ZoneOffset.UTC, Duration.ofSeconds(delay));
    Instant after = Instant.ofEpochSecond(second);

    Instant first = late.firstAfter(after).orElseThrow();
    Instant following = late.firstAfter(first).orElseThrow();

    assertThat(first).isAfter(after).isBeforeOrEqualTo(after.plus(Duration.ofDays(1)));
    assertThat(first.minusSeconds(delay))
        .isEqualTo(exact.firstAfter(after.minusSeconds(delay)).orElseThrow());
    assertThat(Duration.between(first, following)).isEqualTo(Duration.ofDays(1));
  }
}
