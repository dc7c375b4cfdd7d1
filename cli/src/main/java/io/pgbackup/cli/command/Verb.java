package io.pgbackup.cli.command;

import static java.util.Objects.requireNonNull;

import io.pgbackup.cli.output.OutputFormat;
import io.pgbackup.cli.source.Configuration;
import java.io.PrintWriter;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/// What every verb has: the options before it, what surrounds it, and the two streams.
abstract class Verb implements Runnable {
  private final Surroundings surroundings;

  @ParentCommand private @Nullable PgBackupCommand global;

  @Spec private @Nullable CommandSpec spec;

  Verb(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  final Surroundings surroundings() {
    return surroundings;
  }

  final Configuration configuration() {
    return Configuration.of(requireNonNull(global).source(), surroundings.environment(), this::say);
  }

  final boolean asJson() {
    return requireNonNull(global).output() == OutputFormat.JSON;
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
