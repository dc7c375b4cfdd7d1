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
    name = "config",
    description = "Check a configuration, or show every key with the value that holds.",
    synopsisSubcommandLabel = "VERB",
    commandListHeading = "%nVerbs:%n",
    footer = {
      "",
      "Reads the file and this shell's PGBACKUP_ variables, and asks neither store nor agent:"
          + " 'pgbackup doctor' does.",
      "",
      "Examples:",
      "  pgbackup config check pgbackup.yaml",
      "  pgbackup --config agent.yaml config show",
    })
final class ConfigCommand implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  static CommandLine with(Surroundings surroundings) {
    return new CommandLine(new ConfigCommand())
        .addSubcommand(new ConfigCheckCommand(surroundings))
        .addSubcommand(new ConfigShowCommand(surroundings));
  }

  @Override
  public Integer call() {
    CommandLine line = requireNonNull(spec).commandLine();
    line.usage(line.getErr());
    return ExitStatus.USAGE.code();
  }
}
