package io.pgbackup.restore;

import io.pgbackup.engine.FetchTarget;
import io.pgbackup.engine.FetchedBackup;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.lineage.Claim;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.Identity;
import io.pgbackup.lineage.IdentityFile;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.lineage.Parent;
import io.pgbackup.postgres.ControlFile;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.process.PostgresInstallation;
import io.pgbackup.postgres.process.PostgresProcess;
import io.pgbackup.postgres.process.RunningServer;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.postgres.process.StopMode;
import io.pgbackup.postgres.process.Trees;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;

/// The single steps. Each can be repeated after it was cut off.
record RestoreSteps(
    RestoreServices services,
    PostgresInstallation installation,
    ServerUser user,
    RestorePaths paths,
    WalSpool.Limits limits,
    Passwords passwords,
    RestoreListener listener) {
  private static final Duration START_PATIENCE = Duration.ofMinutes(5);

  RestoreJournal perform(RestoreStep step, RestoreJournal journal) throws IOException {
    StagedTablespaces tablespaces = StagedTablespaces.of(journal);
    switch (step) {
      case FETCH -> {
        if (journal.steps().contains(RestoreStep.CLAIM)) {
          journal.newLineage().ifPresent(this::probe);
        }
        fetch(journal.plan(), tablespaces);
      }
      case PREPARE -> {
        tablespaces.requireOurs();
        new StagedFiles(paths, user, tablespaces).prepare();
      }
      case RECOVER -> {
        tablespaces.requireOurs();
        return journal.withOutcome(
            recovery(journal.plan()).recover(journal.plan(), listener), passwords.roles());
      }
      case CLAIM -> claim(journal);
      case STOP -> {
        return stop(journal);
      }
      case CONFIGURE -> configure(journal);
      case PLACE -> place(journal, tablespaces);
      case START -> journal.stopped().ifPresent(this::start);
    }
    return journal;
  }

  /// All steps of a directory that follows the archive. Cut off, it begins anew.
  void follow(RestorePlan plan) throws IOException {
    StagedTablespaces none = new StagedTablespaces(Map.of(), "");
    listener.begun(RestoreStep.FETCH);
    fetch(plan, none);
    new StagedFiles(paths, user, none).prepareStandby();
    new RestoredSettings(paths, user, Durable.ON_DISK)
        .keepRestoredWithoutArchiving(new DataDirectory(paths.staging()).control());
    listener.begun(RestoreStep.PLACE);
    new DirectorySwap(paths).putNew();
  }

  private void fetch(RestorePlan plan, StagedTablespaces tablespaces) throws IOException {
    Trees.delete(paths.staging());
    tablespaces.begin();
    AtomicLong written = new AtomicLong();
    OptionalLong total = plan.contentBytes().map(OptionalLong::of).orElseGet(OptionalLong::empty);
    FetchedBackup fetched =
        services
            .engines()
            .backups(new ArchiveLayout(plan.lineage().prefix()))
            .fetch(
                plan.backup().name(),
                new FetchTarget(paths.staging(), tablespaces.places(), user::own),
                bytes -> listener.progress(RestoreStep.FETCH, written.addAndGet(bytes), total));
    new StagedFiles(paths, user, tablespaces).check(plan, fetched);
  }

  private RecoveryServer recovery(RestorePlan plan) {
    return new RecoveryServer(
        services.process(),
        installation,
        user,
        paths,
        services.engines().wal(new ArchiveLayout(plan.lineage().prefix())),
        limits,
        passwords);
  }

  /// Reading and writing take different rights, and the first write comes only after hours of work.
  private void probe(NewLineage lineage) {
    services.claims().probe(layout(lineage.cluster(), lineage.uid()).prefix());
  }

  private ArchiveLayout layout(ClusterId cluster, LineageUid uid) {
    return new ArchiveLayout(
        services.templateForNew().expand(cluster, uid, installation.version().major()));
  }

  /// Before the old server is stopped, so that a store that is away costs no downtime.
  private void claim(RestoreJournal journal) throws IOException {
    Identity identity = identity(journal).orElseThrow();
    ArchiveLayout layout = layout(identity.cluster(), identity.uid());
    services
        .claims()
        .create(
            layout.prefix(),
            new Claim(
                identity.cluster(),
                identity.uid(),
                identity.systemIdentifier(),
                installation.version(),
                journal.plan().segmentSize(),
                identity.parent(),
                services.clock().instant()));
    Timeline timeline = journal.outcome().orElseThrow().timeline();
    services
        .engines()
        .newWal(layout)
        .push(
            HistoryFile.name(timeline),
            Files.readAllBytes(HistoryFile.in(paths.staging(), timeline)));
  }

  private RestoreJournal stop(RestoreJournal journal) throws IOException {
    PostgresProcess process = services.process();
    Path directory = paths.dataDirectory();
    RestoreChecks.refuseIfUnseen(process, directory);
    Optional<RunningServer> running = process.running(directory);
    if (running.isEmpty()) {
      return journal;
    }
    if (!(journal.destination() instanceof RestoreDestination.InPlace inPlace && inPlace.stop())) {
      throw Problem.refused(
              "a PostgreSQL server was started in "
                  + directory
                  + " meanwhile; it runs on, and the restored data wait beside it",
              "Stop it, or add --stop. " + RestoreFailures.RESUME)
          .asException();
    }
    RestoreJournal stopping =
        journal.withStopped(
            new StoppedServer(
                running.get().program(),
                running.get().argumentsAfterDirectory(),
                running.get().output()));
    stopping.write(paths);
    process.stop(directory, StopMode.FAST, RecoveryServer.STOP_PATIENCE);
    return stopping;
  }

  private void configure(RestoreJournal journal) throws IOException {
    RestoredSettings settings = new RestoredSettings(paths, user, Durable.ON_DISK);
    switch (journal.destination()) {
      case RestoreDestination.NewDirectory _ ->
          settings.keepRestoredWithoutArchiving(new DataDirectory(paths.staging()).control());
      case RestoreDestination.InPlace _ -> settings.keepThoseOf(paths.dataDirectory());
    }
  }

  private void place(RestoreJournal journal, StagedTablespaces tablespaces) throws IOException {
    Optional<Identity> identity = identity(journal);
    DirectorySwap swap = new DirectorySwap(paths);
    switch (journal.destination()) {
      case RestoreDestination.NewDirectory _ -> {
        if (Files.exists(paths.staging())) {
          tablespaces.requireOurs();
        }
        swap.putNew();
        tablespaces.handOver();
      }
      case RestoreDestination.InPlace _ -> {
        Path previous = journal.previous().orElseThrow();
        refuseIfRestarted(paths.dataDirectory());
        swap.putInPlace(previous);
        if (services.process().isRunning(previous)) {
          swap.undo(previous, paths.staging());
          refuseIfRestarted(paths.dataDirectory());
        }
      }
    }
    identity.ifPresent(known -> IdentityFile.beside(paths.dataDirectory()).write(known));
  }

  private void refuseIfRestarted(Path directory) {
    RestoreChecks.refuseIfUnseen(services.process(), directory);
    if (services.process().isRunning(directory)) {
      throw Problem.refused(
              "something has started the server in "
                  + directory
                  + " again; nothing was replaced, and the restored data wait beside it",
              "Stop whatever watches over it (systemd, a container's restart policy), then stop the"
                  + " server. "
                  + RestoreFailures.RESUME)
          .asException();
    }
  }

  private void start(StoppedServer server) {
    if (services.process().isRunning(paths.dataDirectory())) {
      return;
    }
    new ServerStarter(services.process(), user)
        .start(paths.dataDirectory(), server, START_PATIENCE);
  }

  /// Known once recovery has ended; the same at each call.
  private Optional<Identity> identity(RestoreJournal journal) {
    Path data = Files.exists(paths.staging()) ? paths.staging() : paths.dataDirectory();
    ControlFile control = new DataDirectory(data).control();
    RecoveryOutcome outcome = journal.outcome().orElseThrow();
    return journal
        .newLineage()
        .map(
            lineage ->
                new Identity(
                    lineage.cluster(),
                    lineage.uid(),
                    control.systemIdentifier(),
                    Optional.of(
                        new Parent(
                            journal.plan().lineage().uid(),
                            outcome.parent(),
                            outcome.branchPoint()))));
  }
}
