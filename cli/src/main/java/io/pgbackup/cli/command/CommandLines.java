package io.pgbackup.cli.command;

import io.pgbackup.cli.output.OutputFormat;
import io.pgbackup.cli.output.ProblemPrinter;
import io.pgbackup.problem.ExitStatus;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.TypeConversionException;

/// Puts the verbs together.
public final class CommandLines {
  static {
    // picocli looks into every jar for Groovy otherwise
    System.setProperty("picocli.disable.closures", "true");
  }

  private CommandLines() {}

  /// A verb and how it is made. What picocli reads of a verb takes it milliseconds.
  private record Made(Class<?> type, Supplier<Object> verb) {
    private String name() {
      return type.getAnnotation(Command.class).name();
    }

    /// Enough to be listed, and to be suggested for a word that is nearly its name.
    private CommandSpec listed() {
      Command command = type.getAnnotation(Command.class);
      CommandSpec spec = CommandSpec.create().name(command.name());
      spec.usageMessage().description(command.description()).hidden(command.hidden());
      return spec;
    }
  }

  /// The program as far as a command line needs it: verbs that are not among its words can be
  /// listed, and not run. Its streams can be replaced with `setOut` and `setErr`.
  public static CommandLine create(Surroundings surroundings, List<String> arguments) {
    PgBackupCommand root = new PgBackupCommand();
    CommandLine line = new CommandLine(root);
    // a file of arguments may hold any verb
    boolean all = arguments.stream().anyMatch(argument -> argument.startsWith("@"));
    for (Made made : verbs(surroundings)) {
      line.addSubcommand(
          all || arguments.contains(made.name())
              ? made.verb().get()
              : new CommandLine(made.listed()));
    }
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

  private static List<Made> verbs(Surroundings surroundings) {
    return List.of(
        new Made(ClustersCommand.class, () -> new ClustersCommand(surroundings)),
        new Made(BackupsCommand.class, () -> new BackupsCommand(surroundings)),
        new Made(WindowCommand.class, () -> new WindowCommand(surroundings)),
        new Made(GapsCommand.class, () -> GapsCommand.with(surroundings)),
        new Made(StatusCommand.class, () -> new StatusCommand(surroundings)),
        new Made(BackupCommand.class, () -> new BackupCommand(surroundings)),
        new Made(MarkCommand.class, () -> new MarkCommand(surroundings)),
        new Made(RestoreCommand.class, () -> new RestoreCommand(surroundings)),
        new Made(CloneCommand.class, () -> new CloneCommand(surroundings)),
        new Made(UndoCommand.class, () -> new UndoCommand(surroundings)),
        new Made(FillCommand.class, () -> new FillCommand(surroundings)),
        new Made(VerifyCommand.class, () -> new VerifyCommand(surroundings)),
        new Made(DrillCommand.class, () -> new DrillCommand(surroundings)),
        new Made(ConfigCommand.class, () -> ConfigCommand.with(surroundings)),
        new Made(DoctorCommand.class, () -> new DoctorCommand(surroundings)),
        new Made(CredentialsCommand.class, () -> CredentialsCommand.with(surroundings)),
        new Made(RetentionCommand.class, () -> RetentionCommand.with(surroundings)),
        new Made(HoldCommand.class, () -> HoldCommand.with(surroundings)),
        new Made(KubernetesCommand.class, () -> KubernetesCommand.with(surroundings)),
        new Made(InPodCommand.class, () -> InPodCommand.with(surroundings)),
        new Made(DemoCommand.class, () -> new DemoCommand(surroundings)),
        new Made(WalVerb.class, WalVerb::new),
        new Made(VersionCommand.class, () -> new VersionCommand(surroundings)));
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
