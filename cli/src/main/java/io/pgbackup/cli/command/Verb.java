package io.pgbackup.cli.command;

import static java.util.Objects.requireNonNull;

import io.pgbackup.cli.output.OutputFormat;
import io.pgbackup.cli.source.Configuration;
import java.io.PrintWriter;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// What every verb has: the options before it, what surrounds it, and the two streams.
abstract class Verb implements Runnable {
  private final Surroundings surroundings;

  @Spec private @Nullable CommandSpec spec;

  Verb(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  final Surroundings surroundings() {
    return surroundings;
  }

  final Configuration configuration() {
    return Configuration.of(global().source(), surroundings.environment(), this::say);
  }

  /// The forms that it can write its data in; the first one where nothing is asked for.
  List<OutputFormat> formats() {
    return List.of(OutputFormat.TABLE, OutputFormat.JSON);
  }

  final OutputFormat format() {
    return global().output().orElse(formats().getFirst());
  }

  /// @throws ParameterException if it is asked for a form that it does not have
  final void requireFormat() {
    if (!formats().contains(format())) {
      CommandLine line = requireNonNull(spec).commandLine();
      throw new ParameterException(
          line,
          "'%s' is written as %s, not as %s"
              .formatted(
                  line.getCommandSpec().qualifiedName(),
                  formats().stream().map(Object::toString).collect(Collectors.joining(" or ")),
                  format()));
    }
  }

  private PgBackupCommand global() {
    return (PgBackupCommand) requireNonNull(spec).root().userObject();
  }

  final boolean asJson() {
    return format() == OutputFormat.JSON;
  }

  /// Writes data to standard output, in the form that was asked for.
  ///
  /// @param json rendered already
  final void print(Supplier<String> json, Supplier<String> table) {
    print(asJson() ? json.get() : table.get());
  }

  final void print(String data) {
    out().print(data);
    out().flush();
  }

  final PrintWriter out() {
    return requireNonNull(spec).commandLine().getOut();
  }

  /// Words for the person, on standard error.
  final void say(String words) {
    PrintWriter err = requireNonNull(spec).commandLine().getErr();
    err.println(words);
    err.flush();
  }
}
