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
    name = "retention",
    description = "Show what the retention rules keep, and delete what they let go.",
    synopsisSubcommandLabel = "VERB",
    commandListHeading = "%nVerbs:%n",
    footer = {
      "",
      "The rules are those that the agent stored beside the backups (its section 'retention').",
      "",
      "Examples:",
      "  pgbackup --config agent.yaml retention plan",
      "  pgbackup --config agent.yaml retention simulate --on 2027-01-01",
      "  pgbackup --config agent.yaml retention apply",
    })
final class RetentionCommand implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  static CommandLine with(Surroundings surroundings) {
    return new CommandLine(new RetentionCommand())
        .addSubcommand(new RetentionPlanCommand(surroundings))
        .addSubcommand(new RetentionApplyCommand(surroundings))
        .addSubcommand(new RetentionSimulateCommand(surroundings));
  }

  @Override
  public Integer call() {
    CommandLine line = requireNonNull(spec).commandLine();
    line.usage(line.getErr());
    return ExitStatus.USAGE.code();
  }
}
