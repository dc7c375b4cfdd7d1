package io.pgbackup.cli.demo;

import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/// Tells the story: each line with the time since the beginning, details below it.
final class Narrator {
  private static final String INDENT = " ".repeat(8);

  private final PrintWriter out;
  private final InstantSource clock;
  private final Instant begin;

  Narrator(PrintWriter out, InstantSource clock) {
    this.out = out;
    this.clock = clock;
    this.begin = clock.instant();
  }

  Duration elapsed() {
    return Duration.between(begin, clock.instant());
  }

  /// Something happened.
  void tell(String line) {
    Duration elapsed = elapsed();
    out.printf("%3d:%02d  %s%n", elapsed.toMinutes(), elapsed.toSecondsPart(), line);
    out.flush();
  }

  /// More about it; several lines are indented alike.
  void detail(String text) {
    text.lines().forEach(line -> out.println((INDENT + line).stripTrailing()));
    out.flush();
  }

  void blank() {
    out.println();
    out.flush();
  }

  /// A line of its own, without a time.
  void plain(String line) {
    out.println(line);
    out.flush();
  }
}
