package io.pgbackup.cli.command;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;

/// One run of the program inside the test's own process.
record Run(int status, String out, String err) {
  static final Surroundings NO_TERMINAL =
      new Surroundings(
          Map.of(),
          Clock.fixed(Instant.parse("2026-11-21T05:00:00Z"), ZoneOffset.UTC),
          () -> ZoneOffset.UTC,
          _ -> Optional.empty());

  static Run of(String... arguments) {
    return of(NO_TERMINAL, arguments);
  }

  static Run of(Surroundings surroundings, String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line =
        CommandLines.create(surroundings, List.of(arguments))
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .setColorScheme(CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF));
    int status = line.execute(arguments);
    return new Run(status, out.toString(), err.toString());
  }
}
