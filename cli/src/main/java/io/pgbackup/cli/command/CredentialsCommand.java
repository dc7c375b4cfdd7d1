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
    name = "credentials",
    description = "Issue credentials that reach one cluster's backups, for one purpose.",
    synopsisSubcommandLabel = "VERB",
    commandListHeading = "%nVerbs:%n",
    footer = {
      "",
      "Works with the configuration's section 'broker' and its parent credential, which belong on no",
      "database server. docs/credentials.md shows a section for each kind of store.",
      "",
      "Examples:",
      "  pgbackup -c broker.yaml credentials bootstrap --namespace shop --cluster orders",
      "  pgbackup -c broker.yaml credentials issue --namespace shop --cluster orders \\",
      "    --role archiver --out /etc/pgbackup/archiver.json",
    })
final class CredentialsCommand implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  static CommandLine with(Surroundings surroundings) {
    return new CommandLine(new CredentialsCommand())
        .addSubcommand(new BootstrapCommand(surroundings))
        .addSubcommand(new IssueCommand(surroundings))
        .addSubcommand(new RotateCommand(surroundings))
        .addSubcommand(new RevokeCommand(surroundings))
        .addSubcommand(new InventoryCommand(surroundings))
        .addSubcommand(new LockCommand(surroundings))
        .addSubcommand(new ServeCommand(surroundings));
  }

  @Override
  public Integer call() {
    CommandLine line = requireNonNull(spec).commandLine();
    line.usage(line.getErr());
    return ExitStatus.USAGE.code();
  }
}
