package io.pgbackup.cli.command;

import io.pgbackup.cli.output.JsonOutput;
import io.pgbackup.cli.view.ConfigView;
import io.pgbackup.config.Setting;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "show",
    description = {
      "Show every key with the value that holds, and whether the file, the environment or a default"
          + " says so.",
      "Secrets are in no key: only the files that hold them are named, and not opened."
    },
    footer = {
      "",
      "Examples:",
      "  pgbackup config show pgbackup.yaml",
      "  pgbackup --config agent.yaml config show -o json",
    })
final class ConfigShowCommand extends Verb {
  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "FILE",
      description = "The configuration; otherwise that of --config.")
  private @Nullable Path file;

  ConfigShowCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  public void run() {
    Path path = configuration().requirePath(Optional.ofNullable(file));
    List<Setting> settings = configuration().effective(path).settings();
    print(
        () -> JsonOutput.render(ConfigView.json(path, settings)), () -> ConfigView.table(settings));
  }
}
