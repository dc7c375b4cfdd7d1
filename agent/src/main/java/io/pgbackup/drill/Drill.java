package io.pgbackup.drill;

import io.pgbackup.engine.embedded.StoppedPages;
import io.pgbackup.postgres.jdbc.SqlSession;
import io.pgbackup.postgres.process.PostgresInstallation;
import io.pgbackup.postgres.process.PostgresProcess;
import io.pgbackup.postgres.process.StopMode;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.restore.PrivateServer;
import io.pgbackup.restore.RecoveryTarget;
import io.pgbackup.restore.RestoreDestination;
import io.pgbackup.restore.RestorePlan;
import io.pgbackup.restore.RestoreResult;
import io.pgbackup.restore.RestoreRunner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/// Restores into a directory that is thrown away, and looks at what came out. Whatever happens, the
/// directory and every server over it are gone at the end, after an interrupt too.
///
/// One drill at a time; [#abort] from any thread.
public final class Drill {
  private static final Duration PROBE_PATIENCE = Duration.ofHours(1);
  private static final Duration STOP_PATIENCE = Duration.ofMinutes(1);

  private static final String RESTORE = "restore";
  private static final String CHECKSUMS = "page checksums";
  private static final String START = "start";
  private static final String PROBE = "probe";

  private final RestoreRunner runner;
  private final PostgresProcess process;
  private final Optional<Path> binDirectory;
  private final Clock clock;
  private final AtomicReference<Optional<PrivateServer>> running =
      new AtomicReference<>(Optional.empty());

  /// @param process the one that the runner uses
  /// @param binDirectory PostgreSQL's programs; left out, they are looked for
  public Drill(
      RestoreRunner runner, PostgresProcess process, Optional<Path> binDirectory, Clock clock) {
    this.runner = runner;
    this.process = process;
    this.binDirectory = binDirectory;
    this.clock = clock;
  }

  /// What is wrong with the backup is in the verdict.
  ///
  /// @throws PgBackupException what is wrong with this host or the request: no room, no PostgreSQL
  ///   of that version; or that it was interrupted
  public DrillVerdict run(DrillRequest request, DrillListener listener) {
    try (DrillFolder folder = DrillFolder.makeIn(request.folder())) {
      Run run = new Run(request, listener, folder);
      try {
        return run.perform();
      } finally {
        // cleaning up takes waiting, which an interrupted thread does not
        boolean interrupted = Thread.interrupted();
        try {
          run.cleanUp(request.keep() && !interrupted);
        } finally {
          if (interrupted) {
            Thread.currentThread().interrupt();
          }
        }
      }
    }
  }

  /// Removes what drills left in this folder whose process was killed, and ends their servers. What
  /// runs, and what was kept on purpose, stays.
  ///
  /// @throws PgBackupException what keeps it from being removed
  public void sweep(Path parent) {
    DrillFolder.sweep(
        parent.toAbsolutePath().normalize(), left -> stopServers(destination(left, Map.of())));
  }

  /// Ends the server that is being looked at, so that nobody goes on waiting for its answers. The
  /// thread that runs the drill is to be interrupted as well.
  public void abort() {
    running.get().ifPresent(PrivateServer::kill);
  }

  private static RestoreDestination.NewDirectory destination(
      Path folder, Map<String, Path> tablespaces) {
    return new RestoreDestination.NewDirectory(
        folder.resolve("data"), Optional.empty(), tablespaces);
  }

  private void stopServers(RestoreDestination destination) {
    for (Path data : List.of(RestoreRunner.stagingOf(destination), destination.dataDirectory())) {
      process.stop(data, StopMode.IMMEDIATE, STOP_PATIENCE);
    }
  }

  private final class Run {
    private final DrillRequest request;
    private final DrillListener listener;
    private final DrillFolder owned;
    private final Path folder;
    private final Instant at = clock.instant();
    private final List<DrillCheck> checks = new ArrayList<>();
    private final RestoreDestination.NewDirectory destination;
    private Optional<RestoreResult> restored = Optional.empty();
    private Optional<Duration> recoveryTime = Optional.empty();

    private Run(DrillRequest request, DrillListener listener, DrillFolder owned) {
      this.request = request;
      this.listener = listener;
      this.owned = owned;
      this.folder = owned.path();
      this.destination = destination(folder, tablespaces(request.plan(), folder));
    }

    private static Map<String, Path> tablespaces(RestorePlan plan, Path folder) {
      Map<String, Path> places = new LinkedHashMap<>();
      plan.backup()
          .tablespaces()
          .ifPresent(
              spec ->
                  spec.tablespaces()
                      .forEach(
                          tablespace ->
                              places.put(
                                  tablespace.oid(),
                                  folder.resolve("tablespace-" + tablespace.oid()))));
      return places;
    }

    private DrillVerdict perform() {
      runner.check(request.plan(), destination);
      long begin = System.nanoTime();
      if (restore()) {
        Duration restoring = Duration.ofNanos(System.nanoTime() - begin);
        checkPages();
        lookInside(restoring);
      }
      return new DrillVerdict(
          at,
          request.host(),
          request.plan().lineage().cluster().toString(),
          request.plan().lineage().uid().value(),
          request.plan().target() instanceof RecoveryTarget.AtTime(Instant instant)
              ? Optional.of(instant)
              : Optional.empty(),
          request.plan().backup().name().value(),
          restored.flatMap(result -> result.outcome().lastCommit()),
          recoveryTime,
          request.lastCommit().map(last -> Duration.between(last, at)),
          request.plan().contentBytes(),
          checks);
    }

    /// What goes wrong because of an interrupt is no fault of the backup.
    private void note(DrillCheck check) {
      if (Thread.currentThread().isInterrupted()) {
        throw Problem.timedOut("the drill was interrupted", "Run it again.").asException();
      }
      checks.add(check);
      listener.checked(check);
    }

    private boolean restore() {
      try {
        RestoreResult result = runner.run(request.plan(), destination, listener);
        restored = Optional.of(result);
        note(
            DrillCheck.passed(
                RESTORE,
                "base backup %s and WAL to %s"
                    .formatted(
                        result.backup(),
                        result
                            .outcome()
                            .lastCommit()
                            .map(last -> "the commit of " + last)
                            .orElse("its end"))));
        return true;
      } catch (PgBackupException e) {
        rethrowIfInterrupted(e);
        note(
            DrillCheck.failed(
                RESTORE,
                e.problem().message(),
                "'pgbackup verify --all --wal' names every damaged object."));
        return false;
      }
    }

    private void checkPages() {
      try {
        Optional<StoppedPages> found = StoppedPages.check(destination.dataDirectory());
        note(
            found
                .map(Run::judge)
                .orElseGet(
                    () ->
                        DrillCheck.skipped(
                            CHECKSUMS,
                            "the cluster has no page checksums",
                            "pg_checksums --enable switches them on while the server is stopped.")));
      } catch (IOException e) {
        note(
            DrillCheck.failed(
                CHECKSUMS, "cannot read the data: " + e.getMessage(), "Look at this host's disk."));
      }
    }

    private static DrillCheck judge(StoppedPages pages) {
      return pages.corruptPages() == 0
          ? DrillCheck.passed(
              CHECKSUMS, "%d pages in %d files hold".formatted(pages.pages(), pages.files()))
          : DrillCheck.failed(
              CHECKSUMS,
              "%d of %d pages are corrupt: %s"
                  .formatted(
                      pages.corruptPages(),
                      pages.pages(),
                      String.join(
                          ", ", pages.corrupt().subList(0, Math.min(5, pages.corrupt().size())))),
              "They were so when they were backed up: look at the same pages on the server, and"
                  + " restore the relation from an older backup.");
    }

    /// @param restoring how long it took until the data were there
    private void lookInside(Duration restoring) {
      try (PrivateServer server =
          PrivateServer.prepare(
              process,
              PostgresInstallation.find(
                  request.plan().backup().serverVersion().major(), binDirectory),
              destination.dataDirectory(),
              folder)) {
        running.set(Optional.of(server));
        long begin = System.nanoTime();
        server.start();
        try (SqlSession session = SqlSession.connect(server.config("template1"))) {
          session.execute("SELECT 1");
        }
        recoveryTime = Optional.of(restoring.plusNanos(System.nanoTime() - begin));
        note(DrillCheck.passed(START, "PostgreSQL accepts connections"));
        note(new IndexCheck(server).check());
        probe(server);
      } catch (PgBackupException e) {
        rethrowIfInterrupted(e);
        note(
            DrillCheck.failed(
                START, e.problem().message(), "Run it again with --keep and look at the data."));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } finally {
        running.set(Optional.empty());
      }
    }

    private void probe(PrivateServer server) {
      if (request.probes().isEmpty()) {
        return;
      }
      try (SqlSession session = SqlSession.connect(server.config(request.database()))) {
        session.allow(PROBE_PATIENCE);
        for (String probe : request.probes()) {
          SqlSession.Answer answer = session.prove(probe);
          note(
              answer.holds()
                  ? DrillCheck.passed(PROBE, probe + ": " + answer.found())
                  : DrillCheck.failed(
                      PROBE,
                      probe + ": " + answer.found(),
                      "Ask the server the same; if it holds there, the backup lacks something."));
        }
      }
    }

    private static void rethrowIfInterrupted(PgBackupException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw e;
      }
    }

    private void cleanUp(boolean keep) {
      stopServers(destination);
      if (keep) {
        owned.keep();
        listener.kept(destination.dataDirectory());
      } else {
        owned.delete();
      }
    }
  }
}
