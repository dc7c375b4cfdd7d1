package io.pgbackup.cli.command;

import io.pgbackup.cli.output.JsonOutput;
import io.pgbackup.cli.view.ConfigView;
import io.pgbackup.config.EffectiveConfig;
import io.pgbackup.problem.PgBackupException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "check",
    description = {
      "Check a configuration as the agent reads it, and name every fault at once.",
      "Opens none of the files that it names, so it can be checked on another machine."
    },
    footer = {
      "",
      "Exit status: 0 where it is valid, 2 where it is not.",
      "",
      "Examples:",
      "  pgbackup config check pgbackup.yaml",
      "  pgbackup --config agent.yaml config check",
    })
final class ConfigCheckCommand extends Verb {
  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "FILE",
      description = "The configuration; otherwise that of --config.")
  private @Nullable Path file;

  ConfigCheckCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  public void run() {
    Path path = configuration().requirePath(Optional.ofNullable(file));
    try {
      EffectiveConfig valid = configuration().effective(path);
      print(
          () -> JsonOutput.render(ConfigView.Check.valid(path)),
          () -> ConfigView.valid(path, valid.settings()));
    } catch (PgBackupException e) {
      if (asJson()) {
        print(JsonOutput.render(ConfigView.Check.refused(path, e.problem())));
      }
      throw e;
    }
  }
}
