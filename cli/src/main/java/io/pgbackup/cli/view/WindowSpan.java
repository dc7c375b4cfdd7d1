package io.pgbackup.cli.view;

import io.pgbackup.catalog.RecoveryWindow;
import io.pgbackup.wording.Times;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/// The first and the last restorable instant of a window as they are shown: to the second where
/// both seconds lie inside, otherwise exactly. Whatever is shown can be typed after `--timestamp`.
record WindowSpan(String first, String last) {
  static WindowSpan of(RecoveryWindow window) {
    Instant first = upTo(window.start(), ChronoUnit.SECONDS);
    Instant last = lastMicrosecond(window).truncatedTo(ChronoUnit.SECONDS);
    return last.isBefore(first)
        ? new WindowSpan(
            Times.exact(firstMicrosecond(window)), Times.exact(lastMicrosecond(window)))
        : new WindowSpan(first.toString(), last.toString());
  }

  static Instant firstMicrosecond(RecoveryWindow window) {
    return upTo(window.start(), ChronoUnit.MICROS);
  }

  /// A window's end is exclusive.
  static Instant lastMicrosecond(RecoveryWindow window) {
    return window.end().minusNanos(1).truncatedTo(ChronoUnit.MICROS);
  }

  private static Instant upTo(Instant instant, ChronoUnit unit) {
    Instant cut = instant.truncatedTo(unit);
    return cut.equals(instant) ? instant : cut.plus(1, unit);
  }
}
