package io.pgbackup.testing;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// What was logged, from level INFO on, while something was done.
public final class LogLines {
  private LogLines() {}

  /// @param logger by its short name; others are left out
  /// @return one line for each event, as a person reads it
  public static List<String> of(Class<?> logger, Runnable work) {
    PrintStream before = System.err;
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    System.setErr(new PrintStream(written, true, StandardCharsets.UTF_8));
    try {
      work.run();
    } finally {
      System.setErr(before);
    }
    String all = written.toString(StandardCharsets.UTF_8);
    before.print(all);
    return all.lines().filter(line -> line.contains(" " + logger.getSimpleName() + " - ")).toList();
  }
}
