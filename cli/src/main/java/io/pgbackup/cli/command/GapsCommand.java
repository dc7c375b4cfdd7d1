package io.pgbackup.cli.command;

import static java.util.Objects.requireNonNull;

import io.pgbackup.problem.ExitStatus;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
    name = "gaps",
    description = "Show WAL that is missing between what is there, and say that a gap is known.",
    synopsisSubcommandLabel = "VERB",
    commandListHeading = "%nVerbs:%n",
    footer = {
      "",
      "Examples:",
      "  pgbackup --config agent.yaml gaps list",
      "  pgbackup --config agent.yaml gaps ack --first 000000010000000000000004 \\",
      "    --reason 'incident 812'",
    })
final class GapsCommand implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  static CommandLine with(Surroundings surroundings) {
    return new CommandLine(new GapsCommand())
        .addSubcommand(new GapsListCommand(surroundings))
        .addSubcommand(new GapsAckCommand(surroundings));
  }

  @Override
  public Integer call() {
    CommandLine line = requireNonNull(spec).commandLine();
    line.usage(line.getErr());
    return ExitStatus.USAGE.code();
  }
}
