package io.pgbackup.cli.command;

import io.pgbackup.cli.output.OutputFormat;
import io.pgbackup.cli.output.ProblemPrinter;
import io.pgbackup.problem.ExitStatus;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.TypeConversionException;

/// Puts the verbs together.
public final class CommandLines {
  private CommandLines() {}

  /// The whole program. Its streams can be replaced with `setOut` and `setErr`.
  public static CommandLine create(Surroundings surroundings) {
    PgBackupCommand root = new PgBackupCommand();
    CommandLine line =
        new CommandLine(root)
            .addSubcommand(new ClustersCommand(surroundings))
            .addSubcommand(new BackupsCommand(surroundings))
            .addSubcommand(new WindowCommand(surroundings))
            .addSubcommand(new StatusCommand(surroundings))
            .addSubcommand(new BackupCommand(surroundings))
            .addSubcommand(new MarkCommand(surroundings))
            .addSubcommand(new RestoreCommand(surroundings))
            .addSubcommand(new CloneCommand(surroundings))
            .addSubcommand(new UndoCommand(surroundings))
            .addSubcommand(new FillCommand(surroundings))
            .addSubcommand(new VerifyCommand(surroundings))
            .addSubcommand(new DrillCommand(surroundings))
            .addSubcommand(ConfigCommand.with(surroundings))
            .addSubcommand(new DoctorCommand(surroundings))
            .addSubcommand(CredentialsCommand.with(surroundings))
            .addSubcommand(RetentionCommand.with(surroundings))
            .addSubcommand(HoldCommand.with(surroundings))
            .addSubcommand(KubernetesCommand.with(surroundings))
            .addSubcommand(InPodCommand.with(surroundings))
            .addSubcommand(new DemoCommand(surroundings))
            .addSubcommand(new WalVerb())
            .addSubcommand(new VersionCommand(surroundings));
    ProblemPrinter printer = new ProblemPrinter(root::verbose);
    line.getCommandSpec().usageMessage().exitCodeList(exitStatuses());
    line.getSubcommands().values().forEach(CommandLines::layOutHelp);
    return line.registerConverter(OutputFormat.class, CommandLines::outputFormat)
        .setUsageHelpWidth(100)
        .setExecutionExceptionHandler(printer)
        .setParameterExceptionHandler(printer)
        .setExecutionStrategy(
            result -> {
              Object verb = leaf(result).commandSpec().userObject();
              if (verb instanceof Verb ours) {
                ours.requireFormat();
              }
              Logs.toStandardError(root.verbose());
              return new CommandLine.RunLast().execute(result);
            });
  }

  private static ParseResult leaf(ParseResult result) {
    return result.hasSubcommand() ? leaf(result.subcommand()) : result;
  }

  /// A verb's own options first, as they are declared, then those that every verb has.
  private static void layOutHelp(CommandLine verb) {
    verb.getCommandSpec().usageMessage().sortOptions(false).optionListHeading("%nOptions:%n");
    verb.getSubcommands().values().forEach(CommandLines::layOutHelp);
  }

  private static OutputFormat outputFormat(String text) {
    try {
      return OutputFormat.parse(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }

  private static Map<String, String> exitStatuses() {
    Map<String, String> list = new LinkedHashMap<>();
    for (ExitStatus status : ExitStatus.values()) {
      list.put("%3d".formatted(status.code()), status.meaning());
    }
    return list;
  }
}
