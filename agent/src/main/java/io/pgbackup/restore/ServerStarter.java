package io.pgbackup.restore;

import io.pgbackup.postgres.process.PostgresInstallation;
import io.pgbackup.postgres.process.PostgresProcess;
import io.pgbackup.postgres.process.ServerStart;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/// Starts a server that a restore stopped, with the program, options and log it had.
record ServerStarter(PostgresProcess process, ServerUser user) {
  void start(Path dataDirectory, StoppedServer server, Duration patience) {
    Path programs = server.program().getParent();
    if (programs == null) {
      throw Problem.postgresFailed(
              "nobody knows which program the server was: " + server.program(),
              "Start it yourself; everything else is done.")
          .asException();
    }
    process.startDetached(
        new ServerStart(
            PostgresInstallation.in(programs),
            user,
            dataDirectory,
            server.arguments(),
            log(dataDirectory, server)),
        patience);
  }

  private Path log(Path dataDirectory, StoppedServer server) {
    return server
        .output()
        .filter(Files::exists)
        .orElseGet(
            () -> {
              Path log = dataDirectory.resolveSibling(dataDirectory.getFileName() + ".server.log");
              try {
                if (!Files.exists(log)) {
                  OwnedFiles.write(log, "", user);
                }
              } catch (IOException e) {
                throw Problem.postgresFailed(
                        "cannot make the server's log " + log + ": " + e.getMessage(),
                        "Start the server yourself; everything else is done.")
                    .causedBy(e);
              }
              return log;
            });
  }
}
