package io.pgbackup.drill;

import io.pgbackup.catalog.RecoveryWindow;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// Draws an instant that can be restored, each with the same chance. Pure.
public final class RandomInstant {
  private RandomInstant() {}

  /// @param windows that do not overlap
  /// @return nothing where there is no window; to the microsecond
  public static Optional<Instant> in(List<RecoveryWindow> windows, RandomGenerator random) {
    long all = windows.stream().mapToLong(RandomInstant::micros).sum();
    if (all <= 0) {
      return windows.stream().findFirst().map(RecoveryWindow::start);
    }
    long drawn = random.nextLong(all);
    for (RecoveryWindow window : windows) {
      if (drawn < micros(window)) {
        return Optional.of(window.start().plus(drawn, ChronoUnit.MICROS));
      }
      drawn -= micros(window);
    }
    throw new IllegalStateException("drawn beyond the windows");
  }

  private static long micros(RecoveryWindow window) {
    return Duration.between(window.start(), window.end()).toNanos() / 1000;
  }
}
