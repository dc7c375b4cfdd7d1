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
    name = "hold",
    description = "Keep a base backup, or every instant since one, whatever the rules say.",
    synopsisSubcommandLabel = "VERB",
    commandListHeading = "%nVerbs:%n",
    footer = {
      "",
      "Examples:",
      "  pgbackup --config agent.yaml hold add --backup base_000000010000000000000002 \\",
      "    --reason 'audit 2026' --for 90d",
      "  pgbackup --config agent.yaml hold add --since 2026-11-20T08:00:00Z --reason 'incident 812'",
      "  pgbackup --config agent.yaml hold list",
      "  pgbackup --config agent.yaml hold remove --id 4f0c2a91",
    })
final class HoldCommand implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  static CommandLine with(Surroundings surroundings) {
    return new CommandLine(new HoldCommand())
        .addSubcommand(new HoldAddCommand(surroundings))
        .addSubcommand(new HoldListCommand(surroundings))
        .addSubcommand(new HoldRemoveCommand(surroundings));
  }

  @Override
  public Integer call() {
    CommandLine line = requireNonNull(spec).commandLine();
    line.usage(line.getErr());
    return ExitStatus.USAGE.code();
  }
}
