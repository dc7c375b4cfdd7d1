package io.pgbackup.cli.command;

import static java.util.Objects.requireNonNull;

import io.pgbackup.cli.source.Configuration;
import io.pgbackup.cli.view.RestoreView;
import io.pgbackup.cli.view.UndoView;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.postgres.process.LocalPostgres;
import io.pgbackup.postgres.process.PostgresProcess;
import io.pgbackup.postgres.process.ProgramHost;
import io.pgbackup.problem.ExitStatus;
import io.pgbackup.restore.RestoreDestination;
import io.pgbackup.restore.RestoreListener;
import io.pgbackup.restore.RestorePlan;
import io.pgbackup.restore.RestoreRunner;
import io.pgbackup.restore.RestoreUndo;
import io.pgbackup.restore.StagedServers;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The steps of a StatefulSet's restore that its pods carry out. Nobody types them: Kubernetes says
/// whether the old server lives, and only the command that made the pod has asked it.
@Command(name = "in-pod", hidden = true, description = "What the pods of a restore do.")
final class InPodCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  static CommandLine with(Surroundings surroundings) {
    return new CommandLine(new InPodCommand())
        .addSubcommand(new Fetch(surroundings))
        .addSubcommand(new Place(surroundings))
        .addSubcommand(new Undo(surroundings));
  }

  @Override
  public Integer call() {
    CommandLine line = spec.commandLine();
    line.usage(line.getErr());
    return ExitStatus.USAGE.code();
  }

  /// Where the data lie, and who runs PostgreSQL's programs.
  static final class PodOptions {
    @Option(names = "--data-dir", paramLabel = "PGDATA", required = true)
    private @Nullable Path dataDirectory;

    @Option(names = "--programs", paramLabel = "SOCKET", required = true)
    private @Nullable Path programs;

    Path dataDirectory() {
      return requireNonNull(dataDirectory);
    }

    /// Whether the old server lives, Kubernetes knows; until then nobody touches its directory.
    RestoreDestination.InPlace destination() {
      return new RestoreDestination.InPlace(dataDirectory(), false);
    }

    PostgresProcess process() {
      ProgramHost.use(requireNonNull(programs));
      return StagedServers.of(new LocalPostgres(), dataDirectory());
    }
  }

  @Command(name = "fetch", description = "Everything beside the running server.")
  static final class Fetch extends RestoringVerb {
    @Mixin private final PodOptions pod = new PodOptions();

    @Mixin private final PasswordOptions passwords = new PasswordOptions();

    Fetch(Surroundings surroundings) {
      super(surroundings);
    }

    @Override
    RestoreDestination destination(ClusterId source) {
      return pod.destination();
    }

    @Override
    void confirm(RestoreDestination destination) {
      // who made the pod has asked
    }

    @Override
    PostgresProcess process(RestoreDestination destination) {
      return pod.process();
    }

    @Override
    void check(RestoreRunner runner, RestorePlan plan, RestoreDestination destination) {
      passwords.read();
      super.check(runner, plan, destination);
    }

    @Override
    void carryOut(RestoreRunner runner, RestorePlan plan, RestoreDestination destination) {
      runner.prepare(plan, pod.destination(), passwords.read(), new Progress(this::say));
    }
  }

  @Command(name = "place", description = "Put what was fetched in the old server's place.")
  static final class Place extends Verb {
    @Mixin private final PodOptions pod = new PodOptions();

    Place(Surroundings surroundings) {
      super(surroundings);
    }

    @Override
    public void run() {
      Configuration configuration = configuration();
      Clock clock = surroundings().clock();
      ZoneId local = surroundings().local();
      try (Archives archives = Archives.open(configuration, Optional.empty());
          Restores restores = Restores.of(archives, configuration, clock, local)) {
        print(
            RestoreView.placed(
                restores
                    .runner(Optional.empty(), pod.process())
                    // its steps are one to whoever watches from outside
                    .place(pod.destination(), RestoreListener.SILENT),
                local));
      }
    }
  }

  @Command(name = "undo", description = "Take the last restore back.")
  static final class Undo extends Verb {
    @Mixin private final PodOptions pod = new PodOptions();

    @Option(names = "--plan")
    private boolean planOnly;

    Undo(Surroundings surroundings) {
      super(surroundings);
    }

    @Override
    public void run() {
      RestoreUndo undo = new RestoreUndo(pod.process(), surroundings().clock());
      if (planOnly) {
        print(
            "  undo         the restore to %s%n"
                .formatted(
                    RestoreView.target(undo.target(pod.dataDirectory()), surroundings().local())));
        return;
      }
      print(UndoView.placed(undo.undo(pod.dataDirectory())));
    }
  }
}
