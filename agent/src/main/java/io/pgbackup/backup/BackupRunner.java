package io.pgbackup.backup;

import io.pgbackup.engine.BackupDeadlines;
import io.pgbackup.engine.BackupEngine;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.lineage.Lease;
import io.pgbackup.lineage.Leases;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.StoreFolder;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Takes one base backup under the lineage's lease: probes archiving, lets the engine push, and
/// logs how it ended, once. Thread-safe; a second run of the same lineage is refused by the lease.
public final class BackupRunner {
  /// The lease's name: one base backup of a lineage at a time, whoever takes it.
  public static final String LEASE = "backup";

  private static final Logger LOG = LoggerFactory.getLogger(BackupRunner.class);

  private static final int MOST_PAGES_LOGGED = 10;

  private final BackupEngine engine;
  private final Runnable probe;
  private final Leases leases;
  private final StoreFolder prefix;
  private final String holder;
  private final Optional<Duration> deadline;
  private final InstantSource clock;

  /// @param probe throws where a backup could not end; see [ArchivingProbe]
  /// @param prefix the lineage's folder
  /// @param holder who this is, for another run that is refused: `base backup on db-1, process
  ///   4711`
  /// @param deadline how long a run may take, once it has the lease
  public BackupRunner(
      BackupEngine engine,
      Runnable probe,
      Leases leases,
      StoreFolder prefix,
      String holder,
      Optional<Duration> deadline,
      InstantSource clock) {
    this.engine = engine;
    this.probe = probe;
    this.leases = leases;
    this.prefix = prefix;
    this.holder = holder;
    this.deadline = deadline;
    this.clock = clock;
  }

  /// Runs to the end on the caller's thread; an interrupt ends it soon. Never throws for a backup
  /// that fails: that is an end like the other.
  ///
  /// @param id from [BackupRun#newId]
  public BackupRun.Ended run(String id, BackupRequest request, BackupObserver observer) {
    RunProgress progress = new RunProgress(id, observer, clock);
    RunDeadline limit = new RunDeadline(deadline);
    try (Lease lease = leases.acquire(prefix, LEASE, holder, BackupDeadlines.DEFAULT.store());
        RunDeadline.Watch _ = limit.begin()) {
      probe.run();
      return completed(progress.completed(engine.push(request, progress.under(lease))));
    } catch (PgBackupException e) {
      return failed(id, progress, limit.passed().map(progress::late).orElse(e.problem()));
    } catch (RuntimeException e) {
      if (limit.passed().isPresent()) {
        return failed(id, progress, progress.late(limit.passed().get()));
      }
      LOG.atError().addKeyValue("run", id).setCause(e).log("base backup failed");
      return progress.failed(Problem.bug("the base backup failed: " + e));
    }
  }

  private static BackupRun.Failed failed(String id, RunProgress progress, Problem problem) {
    LOG.atError()
        .addKeyValue("run", id)
        .addKeyValue("problem", problem.message())
        .addKeyValue("hint", problem.hint().orElse(""))
        .log("base backup failed");
    return progress.failed(problem);
  }

  private static BackupRun.Completed completed(BackupRun.Completed run) {
    TakenBackup backup = run.backup();
    LOG.atInfo()
        .addKeyValue("run", run.id())
        .addKeyValue("backup", backup.name())
        .addKeyValue("took", Duration.between(backup.startTime(), backup.finishTime()))
        .addKeyValue("files", backup.files())
        .addKeyValue("bytes", backup.uncompressedSize())
        .addKeyValue("stored", backup.compressedSize())
        .addKeyValue("corruptFiles", backup.corruptFiles().size())
        .log("base backup completed");
    for (TakenBackup.CorruptFile file : backup.corruptFiles()) {
      LOG.atWarn()
          .addKeyValue("backup", backup.name())
          .addKeyValue("path", file.path())
          .addKeyValue("pages", file.pages().size())
          .addKeyValue("firstPages", file.pages().stream().limit(MOST_PAGES_LOGGED).toList())
          .log("page checksums do not hold");
    }
    return run;
  }
}
