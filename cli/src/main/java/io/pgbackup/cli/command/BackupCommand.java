package io.pgbackup.cli.command;

import io.pgbackup.cli.client.AgentClient;
import io.pgbackup.cli.output.Sizes;
import io.pgbackup.cli.output.Times;
import io.pgbackup.cli.view.StatusView;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.problem.Problem;
import io.pgbackup.status.BackupRunView;
import io.pgbackup.status.ProblemView;
import io.pgbackup.status.StatusJson;
import java.time.Duration;
import java.time.Instant;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "backup",
    description = "Take a base backup now, and wait until it is stored.",
    footer = {
      "",
      "The agent takes it; its name goes to standard output when it is whole. Ended early with",
      "Ctrl-C, the agent goes on: 'pgbackup status' shows how far it is. Where no agent runs, this",
      "process takes it.",
      "",
      "Examples:",
      "  pgbackup --config agent.yaml backup",
      "  pgbackup --config agent.yaml backup --no-wait    print the run's id and return",
    })
final class BackupCommand extends Verb {
  private static final Duration POLL = Duration.ofMillis(500);

  @Option(names = "--no-wait", description = "Only ask for it, and print the run's id.")
  private boolean noWait;

  BackupCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  public void run() {
    PgBackupConfig config = configuration().requireFile("backup");
    AgentClient agent = AgentClient.at(config.http().host(), config.http().port());
    if (agent.listens()) {
      through(agent);
    } else {
      here(config, agent);
    }
  }

  private void through(AgentClient agent) {
    BackupRunView run = agent.requestBackup();
    if (noWait) {
      print(() -> StatusJson.write(run), () -> run.id() + "\n");
      return;
    }
    say("the agent at " + agent.url() + " takes a base backup, run " + run.id());
    show(await(agent, run));
  }

  private void here(PgBackupConfig config, AgentClient agent) {
    if (noWait) {
      throw Problem.notFound(
              "no agent answers at " + agent.url(),
              "Without one the backup runs in this process; leave --no-wait out.")
          .asException();
    }
    say("no agent answers at " + agent.url() + "; the base backup runs in this process");
    show(new BackupHere(config, surroundings().clock()).take(this::tell));
  }

  private BackupRunView await(AgentClient agent, BackupRunView asked) {
    BackupRunView run = asked;
    while (!run.state().ended()) {
      pause();
      BackupRunView before = run;
      run = agent.backup(run.id());
      if (run.state() != before.state()) {
        tell(run);
      }
    }
    return run;
  }

  private void tell(BackupRunView run) {
    if (!run.state().ended()) {
      say("  " + StatusView.run(run));
    }
  }

  private void show(BackupRunView run) {
    if (run.state() == BackupRunView.State.FAILED) {
      throw run.problem()
          .map(ProblemView::toProblem)
          .orElseGet(() -> Problem.bug("the base backup failed without a reason"))
          .asException();
    }
    Instant ended = run.endedAt().orElse(run.startedAt());
    say(
        "  stored in %s: %d files, %s"
            .formatted(
                Times.span(Duration.between(run.startedAt(), ended)),
                run.files(),
                Sizes.human(run.bytes())));
    print(() -> StatusJson.write(run), () -> run.backup().orElse(run.id()) + "\n");
  }

  private static void pause() {
    try {
      Thread.sleep(POLL);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Problem.timedOut("interrupted while the backup ran", "It goes on in the agent.")
          .causedBy(e);
    }
  }
}
