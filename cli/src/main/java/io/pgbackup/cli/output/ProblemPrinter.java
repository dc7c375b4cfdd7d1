package io.pgbackup.cli.output;

import io.pgbackup.problem.ExitStatus;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/// Prints what failed and what to do next, and picks the exit status.
///
/// @param verbose whether a fault is printed with its causes and stack traces
public record ProblemPrinter(BooleanSupplier verbose)
    implements IExecutionExceptionHandler, IParameterExceptionHandler {
  @Override
  public int handleExecutionException(Exception fault, CommandLine line, ParseResult result) {
    Problem problem = problemOf(fault);
    print(problem, line.getErr());
    if (verbose.getAsBoolean()) {
      fault.printStackTrace(line.getErr());
    }
    line.getErr().flush();
    return ExitStatus.of(problem).code();
  }

  @Override
  public int handleParseException(ParameterException fault, String[] arguments) {
    CommandLine line = fault.getCommandLine();
    String help =
        "'%s --help' shows how it is used.".formatted(line.getCommandSpec().qualifiedName());
    print(
        Problem.misconfigured(
            startLowerCase(String.valueOf(fault.getMessage())), suggestion(fault) + help),
        line.getErr());
    return ExitStatus.USAGE.code();
  }

  private static String suggestion(ParameterException fault) {
    return fault instanceof UnmatchedArgumentException unmatched
            && !unmatched.getSuggestions().isEmpty()
        ? "Did you mean '" + unmatched.getSuggestions().getFirst() + "'? "
        : "";
  }

  /// One line that begins with `ERROR:`, and one with `HINT:` where there is one.
  public static void print(Problem problem, PrintWriter err) {
    err.println("ERROR: " + problem.message());
    problem.hint().ifPresent(hint -> err.println("HINT: " + hint));
    err.flush();
  }

  private static Problem problemOf(Exception fault) {
    return fault instanceof PgBackupException known
        ? known.problem()
        : new Problem.Bug(
            "unexpected: " + fault,
            Optional.of(
                "Run it again with --verbose and report the output; this is a fault of"
                    + " pgbackup's own."));
  }

  private static String startLowerCase(String message) {
    String text = message.replaceFirst("^Error: ", "");
    return text.substring(0, 1).toLowerCase(Locale.ROOT) + text.substring(1);
  }
}
