package io.pgbackup.cli.command;

import static java.util.Objects.requireNonNull;

import io.pgbackup.cli.output.JsonOutput;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import picocli.CommandLine.Command;

@Command(name = "version", description = "Print the version.")
final class VersionCommand extends Verb {
  record Version(String pgbackup, String java) {}

  VersionCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  public void run() {
    Version version = new Version(built(), Runtime.version().toString());
    print(
        () -> JsonOutput.render(version),
        () -> "pgbackup %s (Java %s)%n".formatted(version.pgbackup(), version.java()));
  }

  private static String built() {
    try (InputStream file =
        requireNonNull(
            VersionCommand.class.getResourceAsStream("/io/pgbackup/cli/version.properties"))) {
      Properties properties = new Properties();
      properties.load(file);
      return properties.getProperty("version", "unknown");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
