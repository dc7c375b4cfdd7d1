package io.pgbackup.cli.command;

import static java.util.Objects.requireNonNull;

import io.pgbackup.cli.output.JsonOutput;
import io.pgbackup.cli.output.OutputFormat;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

@Command(name = "version", description = "Print the version.")
final class VersionCommand implements Runnable {
  record Version(String pgbackup, String java) {}

  @ParentCommand
  @SuppressWarnings("NullAway.Init")
  private PgBackupCommand global;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public void run() {
    Version version = new Version(built(), Runtime.version().toString());
    String text =
        global.output() == OutputFormat.JSON
            ? JsonOutput.render(version)
            : "pgbackup %s (Java %s)%n".formatted(version.pgbackup(), version.java());
    spec.commandLine().getOut().print(text);
    spec.commandLine().getOut().flush();
  }

  private static String built() {
    try (@Nullable InputStream file =
        VersionCommand.class.getResourceAsStream("/io/pgbackup/cli/version.properties")) {
      Properties properties = new Properties();
      properties.load(requireNonNull(file));
      return properties.getProperty("version", "unknown");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
