package io.pgbackup.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class ThrottleTest {
  private static final long SECOND = 1_000_000_000;

  private final AtomicLong now = new AtomicLong(-5);
  private final AtomicLong rate = new AtomicLong(1000);
  private final Throttle throttle = new Throttle(rate::get, now::get, now::addAndGet);

  private double after(long bytes) {
    throttle.pass(bytes);
    return (now.get() + 5.0) / SECOND;
  }

  @Test
  void spreadsBytesOverTime() {
    assertThat(after(500)).isEqualTo(0.5);
    assertThat(after(1500)).isEqualTo(2.0);
  }

  @Test
  void followsTheRate() {
    assertThat(after(1000)).isEqualTo(1.0);
    rate.set(100);
    assertThat(after(100)).isEqualTo(2.0);
    rate.set(0);
    assertThat(after(Long.MAX_VALUE)).isEqualTo(2.0);
  }

  /// A pause of an hour does not allow an hour's bytes at once.
  @Test
  void makesUpForLittle() {
    assertThat(after(1000)).isEqualTo(1.0);
    now.addAndGet(3600 * SECOND);
    assertThat(after(1000)).isEqualTo(3602.0);
  }

  @Test
  void sleepsOnWhenItWasWokenEarly() {
    Throttle woken = new Throttle(rate::get, now::get, nanos -> now.addAndGet(1 + nanos / 2));

    woken.pass(1000);

    assertThat(now.get()).isGreaterThanOrEqualTo(SECOND - 5);
  }

  @Test
  void letsAnInterruptedThreadGo() {
    Throttle stuck = new Throttle(rate::get, now::get, _ -> Thread.currentThread().interrupt());

    stuck.pass(1000);

    assertThat(Thread.interrupted()).isTrue();
  }

  @Property(tries = 200)
  void isNeverFasterThanItMayBe(
      @ForAll @Size(min = 1, max = 50) List<@IntRange(max = 1_000_000) Integer> pieces,
      @ForAll @IntRange(min = 1, max = 1_000_000) int bytesPerSecond) {
    AtomicLong clock = new AtomicLong();
    Throttle any = new Throttle(() -> bytesPerSecond, clock::get, clock::addAndGet);
    long bytes = 0;
    for (int piece : pieces) {
      any.pass(piece);
      bytes += piece;
    }
    assertThat(clock.get() / 1e9 * bytesPerSecond).isGreaterThan(bytes - 0.001 * bytesPerSecond);
  }
}
