package io.pgbackup.cli.command;

import io.pgbackup.cli.output.OutputFormat;
import io.pgbackup.cli.source.SourceOptions;
import io.pgbackup.problem.ExitStatus;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/// The program itself: holds the options that every verb has, accepted before and after the verb.
@Command(
    name = "pgbackup",
    header = "Backup and point-in-time restore for PostgreSQL.",
    synopsisSubcommandLabel = "VERB",
    sortOptions = false,
    commandListHeading = "%nVerbs:%n",
    optionListHeading = "%nOptions, before or after the verb:%n",
    exitCodeListHeading = "%nExit statuses ('wal' has its own, see 'pgbackup wal --help'):%n",
    footer = {
      "",
      "Storage comes from --config, from --store with the usual AWS_* variables, or from --walg-env.",
      "",
      "Examples:",
      "  pgbackup demo                                see the whole story in two minutes",
      "  pgbackup --config agent.yaml window          what can be restored",
      "  pgbackup --store s3://backups clusters       every cluster in a bucket"
    })
final class PgBackupCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      scope = ScopeType.INHERIT,
      description = "The agent's configuration; $PGBACKUP_CONFIG if left out.")
  private @Nullable Path config;

  @Option(
      names = "--store",
      paramLabel = "URL",
      scope = ScopeType.INHERIT,
      description = "s3://bucket or file:///directory, instead of the configuration's.")
  private @Nullable String store;

  @Option(
      names = "--walg-env",
      paramLabel = "PATH",
      scope = ScopeType.INHERIT,
      description =
          "WAL-G's settings instead: a file of KEY=value lines, an envdir, .walg.json or .yaml.")
  private @Nullable Path walgEnv;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      scope = ScopeType.INHERIT,
      description = "table or json; of a credential json, env or secret.")
  private @Nullable OutputFormat output;

  @Option(
      names = {"-v", "--verbose"},
      scope = ScopeType.INHERIT,
      description = "Say on standard error what is being done, with stack traces of faults.")
  private boolean verbose;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "This text, or a verb's.")
  @SuppressWarnings("UnusedVariable")
  private boolean help;

  SourceOptions source() {
    return new SourceOptions(
        Optional.ofNullable(config),
        Optional.ofNullable(store),
        Optional.ofNullable(walgEnv),
        Optional.empty());
  }

  /// Empty where nothing was asked for.
  Optional<OutputFormat> output() {
    return Optional.ofNullable(output);
  }

  boolean verbose() {
    return verbose;
  }

  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return ExitStatus.USAGE.code();
  }
}
