package io.pgbackup.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import io.pgbackup.cli.client.AgentClient;
import io.pgbackup.cli.view.StatusView;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.BackupRequest.Kind;
import io.pgbackup.problem.Problem;
import io.pgbackup.status.BackupRunView;
import io.pgbackup.status.ProblemView;
import io.pgbackup.status.StatusJson;
import io.pgbackup.wording.Sizes;
import io.pgbackup.wording.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
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
      "  pgbackup --config agent.yaml backup --full --permanent --user-data '{\"ticket\": 4711}'",
    })
final class BackupCommand extends Verb {
  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(50);
  private static final Duration LONGEST_PAUSE = Duration.ofMillis(500);

  @Option(names = "--no-wait", description = "Only ask for it, and print the run's id.")
  private boolean noWait;

  @ArgGroup private KindOptions kind = new KindOptions();

  @Option(names = "--permanent", description = "Retention never expires it, nor what it stands on.")
  private boolean permanent;

  @Option(
      names = "--user-data",
      paramLabel = "JSON",
      description = "Kept with it, instead of backup.userData of the configuration.")
  private @Nullable String userData;

  /// At most one of them.
  static final class KindOptions {
    @Option(names = "--full", description = "Every file, whatever the configuration says.")
    private boolean full;

    @Option(
        names = "--delta",
        description = "Only what changed, however many deltas there are in a row.")
    private boolean delta;
  }

  BackupCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  public void run() {
    PgBackupConfig config = configuration().requireFile("backup");
    AgentClient agent = AgentClient.at(config.http());
    if (agent.listens()) {
      through(agent);
    } else {
      here(config, agent);
    }
  }

  private BackupRequest request() {
    Kind wanted = kind.full ? Kind.FULL : kind.delta ? Kind.DELTA : Kind.CONFIGURED;
    return new BackupRequest(
        wanted, permanent, Optional.ofNullable(userData).map(BackupCommand::json));
  }

  private static JsonNode json(String text) {
    try {
      return StatusJson.read(text, JsonNode.class);
    } catch (IllegalArgumentException e) {
      throw Problem.misconfigured(
              "--user-data is not JSON: " + text, "Text needs quotes of its own: '\"text\"'.")
          .causedBy(e);
    }
  }

  private void through(AgentClient agent) {
    BackupRunView run = agent.requestBackup(request());
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
    show(new BackupHere(config, surroundings().clock()).take(request(), this::tell));
  }

  private BackupRunView await(AgentClient agent, BackupRunView asked) {
    BackupRunView run = asked;
    for (Duration pause = SHORTEST_PAUSE; !run.state().ended(); pause = longer(pause)) {
      sleep(pause);
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

  // a twentieth of what was waited: a small cluster's base backup takes less than half a second
  private static Duration longer(Duration pause) {
    Duration next = pause.multipliedBy(21).dividedBy(20);
    return next.compareTo(LONGEST_PAUSE) < 0 ? next : LONGEST_PAUSE;
  }

  private static void sleep(Duration pause) {
    try {
      Thread.sleep(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Problem.timedOut("interrupted while the backup ran", "It goes on in the agent.")
          .causedBy(e);
    }
  }
}
