package io.pgbackup.cli.demo;

import io.pgbackup.cli.client.AgentClient;
import io.pgbackup.postgres.process.EmbeddedDistribution;
import io.pgbackup.postgres.process.Initdb;
import io.pgbackup.postgres.process.PostgresInstallation;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.problem.Problem;
import io.pgbackup.status.StatusJson;
import io.pgbackup.status.StatusSnapshot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// What the story happens on: the server, the bucket, the agent.
///
/// @param server of the shop
/// @param pgbackup the command line
/// @param cloned a server for the clone's data directory, not started
record Stage(
    DemoDirectory directory,
    DemoServer server,
    DemoServer cloned,
    AgentClient agent,
    Pgbackup pgbackup) {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  static Stage set(
      Narrator story,
      ServerUser user,
      DemoDirectory directory,
      Children children,
      Map<String, String> environment) {
    Programs programs = Programs.copyFor(user, directory.program());
    PostgresInstallation postgres = postgres();
    Path sockets = ownedFolder(user, directory.run());
    DemoServer server =
        new DemoServer(
            postgres, user, directory.data(), sockets, Ports.free(), directory.log("postgres"));
    DemoServer cloned =
        new DemoServer(
            postgres, user, directory.cloned(), sockets, Ports.free(), directory.log("clone"));
    DemoConfig config = new DemoConfig(directory, user);

    Initdb.create(postgres, user, directory.data(), List.of());
    DemoConfig.append(directory.data(), DemoConfig.local(sockets, server.port()));
    DemoConfig.append(directory.data(), config.archiving(programs));
    children.beforeOthers(() -> DemoServer.stopAllBelow(directory.root()));
    server.start();
    story.tell(
        "PostgreSQL %s runs as user %s on 127.0.0.1:%d"
            .formatted(postgres.version(), user.name(), server.port()));

    DemoStore store = new StoreLadder(directory, children, environment).find();
    user.ownTree(directory.bucket());
    story.tell("the backups go to " + store.description());

    int httpPort = Ports.free();
    config.writeAgentConfig(server, store, httpPort);
    Pgbackup pgbackup = new Pgbackup(programs, postgres, user, directory, children);
    Process process =
        children.start(
            user.command(List.of(programs.agent(), "--config", directory.config().toString())),
            pgbackup.environment(),
            directory.log("agent"));
    AgentClient agent = AgentClient.at("127.0.0.1", httpPort);
    Waiting.until(
        "the agent to answer", PATIENCE, () -> alive(process, directory) && agent.listens());
    story.tell("the agent protects it: WAL as it is written, a base backup every minute");
    return new Stage(directory, server, cloned, agent, pgbackup);
  }

  StatusSnapshot status() {
    return StatusJson.read(agent.status(), StatusSnapshot.class);
  }

  private static boolean alive(Process agent, DemoDirectory directory) {
    if (!agent.isAlive()) {
      throw Problem.verificationFailed(
              "the agent ended with status " + agent.exitValue(),
              "Its log is " + directory.log("agent") + ".")
          .asException();
    }
    return true;
  }

  private static PostgresInstallation postgres() {
    return EmbeddedDistribution.onClassPath()
        .orElseThrow(
            () ->
                Problem.notFound(
                        "there is no PostgreSQL for this platform among the libraries",
                        "The demo runs on Linux and macOS, x86-64 and ARM64.")
                    .asException())
        .install();
  }

  private static Path ownedFolder(ServerUser user, Path folder) {
    try {
      Files.createDirectories(folder);
      user.own(folder);
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// For whoever stays: what to type in another terminal.
  void showAround(Narrator story) {
    story.plain("Everything still runs. In another terminal:");
    story.detail(
        """
        export PGBACKUP_CONFIG=%s
        cli/pgbackup status
        cli/pgbackup backups
        psql -h 127.0.0.1 -p %d -U postgres
        curl %s/metrics"""
            .formatted(directory.config(), server.port(), agent.url()));
  }
}
