package io.pgbackup.postgres.process;

import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// Makes new, empty database clusters, for the demo and for tests.
public final class Initdb {
  private Initdb() {}

  /// @param options further options of initdb
  /// @throws io.pgbackup.problem.PgBackupException `PostgresFailed` if initdb fails
  public static void create(
      PostgresInstallation installation,
      ServerUser user,
      Path dataDirectory,
      List<String> options) {
    try {
      Files.createDirectories(dataDirectory);
      Files.setPosixFilePermissions(dataDirectory, PosixFilePermissions.fromString("rwx------"));
      user.own(dataDirectory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List<String> command = new ArrayList<>();
    command.add(installation.program("initdb"));
    command.addAll(List.of("-D", dataDirectory.toString(), "-U", "postgres", "-A", "trust"));
    command.addAll(List.of("--data-checksums", "--locale=C", "--encoding=UTF8"));
    command.addAll(options);
    CommandResult result = Commands.run(user.command(command), Duration.ofMinutes(2));
    if (!result.succeeded()) {
      throw Problem.postgresFailed(
              "initdb failed in " + dataDirectory + ": " + result.output(),
              "Check that user " + user.name() + " can enter every folder above it.")
          .asException();
    }
  }
}
