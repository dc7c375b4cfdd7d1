package io.pgbackup.cli.view;

import io.pgbackup.catalog.RecoveryWindow;
import io.pgbackup.wording.Times;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/// The first and the last restorable instant of a window as they are shown: to the second where
/// both seconds lie inside, otherwise exactly. Whatever is shown can be typed after `--timestamp`.
record WindowSpan(String first, String last) {
  static WindowSpan of(RecoveryWindow window) {
    return of(window.start(), window.end());
  }

  /// @param end exclusive
  static WindowSpan of(Instant start, Instant end) {
    Instant first = upTo(start, ChronoUnit.SECONDS);
    Instant last = lastMicrosecond(end).truncatedTo(ChronoUnit.SECONDS);
    return last.isBefore(first)
        ? new WindowSpan(
            Times.exact(upTo(start, ChronoUnit.MICROS)), Times.exact(lastMicrosecond(end)))
        : new WindowSpan(first.toString(), last.toString());
  }

  static Instant firstMicrosecond(RecoveryWindow window) {
    return upTo(window.start(), ChronoUnit.MICROS);
  }

  /// A window's end is exclusive.
  static Instant lastMicrosecond(RecoveryWindow window) {
    return lastMicrosecond(window.end());
  }

  private static Instant lastMicrosecond(Instant end) {
    return end.minusNanos(1).truncatedTo(ChronoUnit.MICROS);
  }

  private static Instant upTo(Instant instant, ChronoUnit unit) {
    Instant cut = instant.truncatedTo(unit);
    return cut.equals(instant) ? instant : cut.plus(1, unit);
  }
}
