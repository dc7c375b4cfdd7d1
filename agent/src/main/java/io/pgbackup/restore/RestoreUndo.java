package io.pgbackup.restore;

import io.pgbackup.postgres.process.PostgresProcess;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.postgres.process.StopMode;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;

/// Takes the last restore back: a finished one in place by putting the old data directory and its
/// identity back, an unfinished one by removing what it made. The lineage that the restore began
/// stays in the store. Can be run again after it was cut off; run again after it has ended, it
/// takes back the restore before that, if there was one.
public final class RestoreUndo {
  private static final Duration START_PATIENCE = Duration.ofMinutes(5);

  private final PostgresProcess process;
  private final Clock clock;

  public RestoreUndo(PostgresProcess process, Clock clock) {
    this.process = process;
    this.clock = clock;
  }

  /// What an undo did, or would do.
  ///
  /// @param restoredKept where the restored data are kept; empty where they were never in place
  /// @param oldBack whether an old data directory comes back
  /// @param started whether the old server was started, because the unfinished restore stopped it
  public record Undone(
      Path dataDirectory,
      RecoveryTarget target,
      Optional<Path> restoredKept,
      boolean oldBack,
      boolean started) {}

  /// @throws io.pgbackup.problem.PgBackupException `NotFound` if there is nothing to undo,
  ///   `Refused` if a server runs there or the old data directory is gone
  public Undone undo(Path dataDirectory) {
    RestorePaths paths = RestorePaths.of(dataDirectory);
    RestoreJournal journal = check(paths);
    try (RestoreLock _ = RestoreLock.take(paths)) {
      return isInPlace(journal) ? swapBack(paths, journal) : giveUp(paths, journal);
    } catch (IOException e) {
      throw Problem.postgresFailed(
              "the undo in %s failed: %s".formatted(paths.dataDirectory(), e.getMessage()),
              "Run the same command again: it goes on where it stopped.")
          .causedBy(e);
    }
  }

  /// What [#undo] is going to take back; touches nothing.
  public RecoveryTarget target(Path dataDirectory) {
    return check(RestorePaths.of(dataDirectory)).plan().target();
  }

  private RestoreJournal check(RestorePaths paths) {
    RestoreJournal journal =
        RestoreJournal.read(paths.journal())
            .orElseThrow(
                () ->
                    Problem.notFound(
                            "no restore of " + paths.dataDirectory() + " can be undone",
                            "There is no journal " + paths.journal() + ".")
                        .asException());
    if (!isInPlace(journal)) {
      return journal;
    }
    if (process.isRunning(paths.dataDirectory())) {
      throw Problem.refused(
              "a PostgreSQL server runs in " + paths.dataDirectory(), "Stop it first.")
          .asException();
    }
    RestoreChecks.refuseIfUnseen(process, paths.dataDirectory());
    Path previous = journal.previous().orElseThrow();
    if (!Files.exists(previous) && journal.undone().isEmpty()) {
      throw Problem.refused(
              "the old data directory " + previous + " is gone",
              "Without it there is nothing to go back to; restore from the old lineage instead.")
          .asException();
    }
    return journal;
  }

  /// Whether the old data directory was moved away.
  private static boolean isInPlace(RestoreJournal journal) {
    return journal.undone().isPresent()
        || journal.finished()
        || journal.previous().filter(Files::exists).isPresent();
  }

  private Undone swapBack(RestorePaths paths, RestoreJournal standing) throws IOException {
    RestoreJournal journal = standing;
    if (journal.undone().isEmpty()) {
      journal = journal.withUndone(paths.undone(clock.instant()));
      journal.write(paths);
    }
    Path undone = journal.undone().orElseThrow();
    new DirectorySwap(paths).undo(journal.previous().orElseThrow(), undone);
    boolean started = !journal.finished() && startAgain(paths, journal);
    removeTraces(paths, journal);
    return new Undone(
        paths.dataDirectory(),
        journal.plan().target(),
        Optional.of(undone).filter(Files::exists),
        true,
        started);
  }

  private Undone giveUp(RestorePaths paths, RestoreJournal journal) throws IOException {
    process.stop(paths.staging(), StopMode.FAST, RecoveryServer.STOP_PATIENCE);
    clearTablespaces(paths, journal);
    boolean started = startAgain(paths, journal);
    removeTraces(paths, journal);
    return new Undone(
        paths.dataDirectory(), journal.plan().target(), Optional.empty(), false, started);
  }

  /// Removes an unfinished restore that has touched nothing but its workspace, and keeps the lock.
  void discard(RestorePaths paths) throws IOException {
    process.stop(paths.staging(), StopMode.FAST, RecoveryServer.STOP_PATIENCE);
    Optional<RestoreJournal> standing = RestoreJournal.read(paths.journal());
    if (standing.isPresent()) {
      clearTablespaces(paths, standing.get());
    }
    RestoreLock.empty(paths);
    standing.ifPresent(journal -> restoreEarlier(paths, journal));
  }

  /// Those of a data directory that is already in place are its own.
  private static void clearTablespaces(RestorePaths paths, RestoreJournal journal)
      throws IOException {
    if (Files.exists(paths.staging())) {
      StagedTablespaces.of(journal).clear();
    }
  }

  private boolean startAgain(RestorePaths paths, RestoreJournal journal) {
    if (journal.stopped().isEmpty() || process.isRunning(paths.dataDirectory())) {
      return false;
    }
    new ServerStarter(process, ServerUser.ownerOf(paths.dataDirectory()))
        .start(paths.dataDirectory(), journal.stopped().get(), START_PATIENCE);
    return true;
  }

  private static void removeTraces(RestorePaths paths, RestoreJournal journal) {
    restoreEarlier(paths, journal);
    RestoreLock.clear(paths);
  }

  private static void restoreEarlier(RestorePaths paths, RestoreJournal journal) {
    try {
      Optional<Path> earlier =
          journal.earlier().map(paths.journal()::resolveSibling).filter(Files::exists);
      if (earlier.isPresent()) {
        Files.move(earlier.get(), paths.journal(), StandardCopyOption.ATOMIC_MOVE);
      } else {
        Files.deleteIfExists(paths.journal());
      }
      paths.forceParent();
    } catch (IOException e) {
      throw Problem.postgresFailed(
              "the journal %s cannot be removed: %s".formatted(paths.journal(), e.getMessage()),
              "Remove it; everything else is done.")
          .causedBy(e);
    }
  }
}
