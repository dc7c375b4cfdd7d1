package io.pgbackup.restore;

import io.pgbackup.lineage.Claim;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.Identity;
import io.pgbackup.lineage.IdentityFile;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.process.PostgresInstallation;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Carries a plan out, step by step under a journal: a restore that was cut off, by `kill -9` too,
/// goes on where it stopped when it is run again. Nothing of the user's is touched before the
/// restored data are complete, and a restore in place keeps the old data directory for undo.
///
/// Thread-safe; one restore at a time for one data directory.
public final class RestoreRunner {
  private static final Logger LOG = LoggerFactory.getLogger(RestoreRunner.class);

  private static final Duration STORE_PATIENCE = Duration.ofMinutes(5);

  private static final RestoreStep LAST = RestoreStep.START;

  private final RestoreServices services;
  private final Duration storePatience;
  private final Passwords passwords;

  public RestoreRunner(RestoreServices services) {
    this(services, STORE_PATIENCE, Passwords.NONE);
  }

  /// @param storePatience how long recovery waits for a store that does not answer
  RestoreRunner(RestoreServices services, Duration storePatience) {
    this(services, storePatience, Passwords.NONE);
  }

  private RestoreRunner(RestoreServices services, Duration storePatience, Passwords passwords) {
    this.services = services;
    this.storePatience = storePatience;
    this.passwords = passwords;
  }

  /// Checks everything that can be checked without touching anything.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `Refused` or `NotFound` (PostgreSQL of that
  ///   major version), each with its remedy
  public void check(RestorePlan plan, RestoreDestination destination) {
    RestorePaths paths = RestorePaths.of(destination.dataDirectory());
    if (unfinished(paths, plan, destination).isEmpty()) {
      RestoreChecks checks = new RestoreChecks(services.process(), paths);
      checks.checkDestination(plan, destination);
      checks.checkMachine(plan, destination, installation(plan), user(destination, paths));
    }
  }

  /// Where a restore makes the data directory before it is put in its place.
  public static Path stagingOf(RestoreDestination destination) {
    return RestorePaths.of(destination.dataDirectory()).staging();
  }

  /// Restores, or goes on with the same restore that was cut off.
  ///
  /// @throws io.pgbackup.problem.PgBackupException in all cases of failure; the hint says whether
  ///   the restore can go on
  public RestoreResult run(
      RestorePlan plan, RestoreDestination destination, RestoreListener listener) {
    check(plan, destination);
    return underLock(
        destination,
        paths ->
            finish(
                perform(begun(paths, plan, destination, listener), paths, listener, LAST), paths));
  }

  /// The same.
  ///
  /// @param passwords that roles get and that are proved by a login, before anything is put in
  ///   place
  public RestoreResult run(
      RestorePlan plan,
      RestoreDestination destination,
      Passwords passwords,
      RestoreListener listener) {
    return new RestoreRunner(services, storePatience, passwords).run(plan, destination, listener);
  }

  /// Fills a directory and leaves it a standby of the archive's lineage, to be started with a
  /// `restore_command` that fetches from there. Called again it changes nothing.
  ///
  /// @return the lineage's own identity, which lies beside the data from now on
  /// @throws io.pgbackup.problem.PgBackupException as [#run], and `Refused` for what cannot be
  ///   followed
  public Identity follow(
      RestorePlan plan, RestoreDestination.NewDirectory destination, RestoreListener listener) {
    Claim claim =
        plan.lineage()
            .claim()
            .orElseThrow(
                () ->
                    Problem.refused(
                            "nobody claimed the archive in " + plan.lineage().prefix(),
                            "Only an archive that an agent of pgbackup writes can be followed;"
                                + " this one can be restored.")
                        .asException());
    if (!destination.tablespaces().isEmpty()) {
      throw Problem.refused(
              "a server with tablespaces cannot follow an archive here",
              "Restore it, or make a standby with PostgreSQL's own means.")
          .asException();
    }
    if (!Standby.isIn(destination.dataDirectory())) {
      check(plan, destination);
    }
    return underLock(
        destination,
        paths -> {
          if (!Standby.isIn(paths.dataDirectory())) {
            fillStandby(plan, destination, paths, listener);
          }
          Identity identity =
              new Identity(
                  plan.lineage().cluster(),
                  plan.lineage().uid(),
                  new DataDirectory(paths.dataDirectory()).control().systemIdentifier(),
                  claim.parent());
          IdentityFile.beside(paths.dataDirectory()).write(identity);
          RestoreLock.clear(paths);
          return identity;
        });
  }

  private void fillStandby(
      RestorePlan plan,
      RestoreDestination.NewDirectory destination,
      RestorePaths paths,
      RestoreListener listener)
      throws IOException {
    RestoreLock.empty(paths);
    // never written: what was cut off begins anew
    RestoreJournal journal =
        RestoreJournal.begin(
            plan,
            destination,
            services.clock().instant(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
    try (RestoreLease _ = lease(journal, listener)) {
      steps(journal, paths, listener).follow(plan);
    }
  }

  /// Recovers what [#follow] made to the end of the archive, as [#run] does with what it fetched,
  /// and begins a lineage of its own. Cut off, it goes on by this or by [#run].
  ///
  /// @param plan of the lineage that it follows, to the end
  /// @throws io.pgbackup.problem.PgBackupException as [#run], and `Refused` if the server runs
  public RestoreResult promote(
      RestorePlan plan,
      RestoreDestination.NewDirectory destination,
      Passwords passwords,
      RestoreListener listener) {
    RestoreRunner runner = new RestoreRunner(services, storePatience, passwords);
    return underLock(
        destination,
        paths -> {
          boolean inPlace = Standby.isIn(paths.dataDirectory());
          if (!inPlace) {
            runner.check(plan, destination);
          }
          RestoreJournal journal =
              inPlace
                  ? taken(plan, destination, paths)
                  : runner.begun(paths, plan, destination, listener);
          return runner.finish(runner.perform(journal, paths, listener, LAST), paths);
        });
  }

  /// A standby in its place becomes what is to be recovered. As long as it lies there, one that was
  /// cut off begins anew: it may have followed the archive further since.
  private RestoreJournal taken(
      RestorePlan plan, RestoreDestination.NewDirectory destination, RestorePaths paths)
      throws IOException {
    if (services.process().isRunning(paths.dataDirectory())) {
      throw Problem.refused(
              "a PostgreSQL server runs in " + paths.dataDirectory(),
              "Stop the standby first, and promote it by the same command then.")
          .asException();
    }
    Files.deleteIfExists(paths.journal());
    RestoreJournal journal = begin(paths, plan, destination).withDone(RestoreStep.FETCH);
    journal.write(paths);
    new DirectorySwap(paths).takeBack();
    return journal;
  }

  /// The part of [#run] that leaves the old server alone: afterwards the restored data wait beside
  /// its directory, recovered and claimed, and [#place] puts them in its place.
  ///
  /// @param passwords that roles get and that are proved by a login
  /// @throws io.pgbackup.problem.PgBackupException as [#run]
  public void prepare(
      RestorePlan plan,
      RestoreDestination.InPlace destination,
      Passwords passwords,
      RestoreListener listener) {
    new RestoreRunner(services, storePatience, passwords).prepare(plan, destination, listener);
  }

  private void prepare(
      RestorePlan plan, RestoreDestination.InPlace destination, RestoreListener listener) {
    check(plan, destination);
    var _ =
        underLock(
            destination,
            paths ->
                perform(
                    begun(paths, plan, destination, listener), paths, listener, RestoreStep.CLAIM));
  }

  /// The rest of what [#prepare] began; the store is not asked. Called again after it has ended, it
  /// tells the same result.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `Refused` unless [#prepare] has ended
  public RestoreResult place(RestoreDestination.InPlace destination, RestoreListener listener) {
    return underLock(
        destination,
        paths -> {
          RestoreJournal journal =
              RestoreJournal.read(paths.journal())
                  .filter(standing -> standing.undone().isEmpty())
                  .filter(standing -> standing.isDone(RestoreStep.CLAIM))
                  .orElseThrow(
                      () ->
                          Problem.refused(
                                  "no restored data wait beside " + paths.dataDirectory(),
                                  "Run the restore from its beginning.")
                              .asException());
          return journal.finished()
              ? result(journal, paths)
              : finish(perform(journal, paths, listener, LAST), paths);
        });
  }

  /// What is done while nobody else restores.
  private interface Work<T> {
    T with(RestorePaths paths) throws IOException;
  }

  private <T> T underLock(RestoreDestination destination, Work<T> work) {
    RestorePaths paths = RestorePaths.of(destination.dataDirectory());
    try (RestoreLock _ = RestoreLock.take(paths)) {
      return work.with(paths);
    } catch (IOException e) {
      throw Problem.postgresFailed(
              "the restore into %s failed: %s".formatted(paths.dataDirectory(), e.getMessage()),
              RestoreFailures.RESUME)
          .causedBy(e);
    }
  }

  private RestoreJournal begun(
      RestorePaths paths,
      RestorePlan plan,
      RestoreDestination destination,
      RestoreListener listener)
      throws IOException {
    return resume(paths, plan, destination, listener)
        .orElseGet(() -> begin(paths, plan, destination));
  }

  private RestoreJournal perform(
      RestoreJournal begun, RestorePaths paths, RestoreListener listener, RestoreStep last)
      throws IOException {
    RestoreSteps steps = steps(begun, paths, listener);
    RestoreJournal journal = begun;
    try (RestoreLease _ = lease(begun, listener)) {
      for (RestoreStep step : journal.steps()) {
        if (step.compareTo(last) <= 0 && !journal.isDone(step)) {
          listener.begun(step);
          journal = steps.perform(step, journal).withDone(step);
          journal.write(paths);
        }
      }
    }
    return journal;
  }

  private RestoreLease lease(RestoreJournal journal, RestoreListener listener) {
    return journal.isDone(RestoreStep.RECOVER)
        ? new RestoreLease(Optional.empty())
        : RestoreLease.acquire(services.leases(), journal, listener);
  }

  private RestoreSteps steps(RestoreJournal journal, RestorePaths paths, RestoreListener listener) {
    RestorePlan plan = journal.plan();
    return new RestoreSteps(
        services,
        installation(plan),
        user(journal.destination(), paths),
        paths,
        WalSpool.Limits.of(plan.segmentSize(), storePatience),
        passwords,
        listener);
  }

  private PostgresInstallation installation(RestorePlan plan) {
    return PostgresInstallation.find(
        plan.backup().serverVersion().major(), services.binDirectory());
  }

  private static ServerUser user(RestoreDestination destination, RestorePaths paths) {
    Path directory = paths.dataDirectory();
    return switch (destination) {
      case RestoreDestination.InPlace _ when Files.exists(directory) ->
          ServerUser.ownerOf(directory);
      case RestoreDestination.InPlace _ -> ServerUser.ownerOf(paths.staging());
      case RestoreDestination.NewDirectory _ when Files.exists(directory) ->
          ServerUser.forNewDirectoryIn(directory);
      case RestoreDestination.NewDirectory _ when Files.exists(paths.parent()) ->
          ServerUser.forNewDirectoryIn(paths.parent());
      case RestoreDestination.NewDirectory _ -> ServerUser.forNewDirectory();
    };
  }

  private RestoreJournal begin(
      RestorePaths paths, RestorePlan plan, RestoreDestination destination) {
    Instant now = services.clock().instant();
    try {
      RestoreLock.empty(paths);
      Optional<String> earlier = Optional.empty();
      if (Files.exists(paths.journal())) {
        Path kept = paths.earlierJournal(now);
        Files.copy(paths.journal(), kept, StandardCopyOption.REPLACE_EXISTING);
        earlier = Optional.of(String.valueOf(kept.getFileName()));
      }
      RestoreJournal journal =
          RestoreJournal.begin(
              plan,
              destination,
              now,
              newLineage(plan, destination, paths),
              destination instanceof RestoreDestination.InPlace
                  ? Optional.of(paths.before(now))
                  : Optional.empty(),
              earlier);
      journal.write(paths);
      return journal;
    } catch (IOException e) {
      throw Problem.refused(
              "cannot write beside %s: %s".formatted(paths.dataDirectory(), e.getMessage()),
              "Run the command as a user who may write there.")
          .causedBy(e);
    }
  }

  private static Optional<NewLineage> newLineage(
      RestorePlan plan, RestoreDestination destination, RestorePaths paths) {
    return switch (destination) {
      case RestoreDestination.NewDirectory directory ->
          directory.as().map(cluster -> new NewLineage(cluster, LineageUid.random()));
      case RestoreDestination.InPlace _ -> {
        // A clone that is rolled back with its source's backups stays the clone it is.
        ClusterId cluster =
            IdentityFile.beside(paths.dataDirectory())
                .read()
                .map(Identity::cluster)
                .orElse(plan.lineage().cluster());
        yield Optional.of(new NewLineage(cluster, LineageUid.random()));
      }
    };
  }

  /// The unfinished restore that this call goes on with.
  private Optional<RestoreJournal> unfinished(
      RestorePaths paths, RestorePlan plan, RestoreDestination destination) {
    Optional<RestoreJournal> standing =
        RestoreJournal.read(paths.journal()).filter(journal -> !journal.finished());
    if (standing.filter(journal -> journal.undone().isPresent()).isPresent()) {
      throw Problem.refused(
              "an undo of the restore into " + paths.dataDirectory() + " was cut off",
              "Run 'pgbackup undo' again first.")
          .asException();
    }
    Optional<RestoreJournal> same =
        standing
            .filter(journal -> journal.isSame(plan, destination))
            // they are set where it recovers, and nowhere else
            .filter(journal -> !journal.lacksPasswords(passwords.roles()));
    if (same.isEmpty() && standing.filter(RestoreJournal::hasTouchedTheOldServer).isPresent()) {
      throw Problem.refused(
              "an unfinished restore to another target, or without these passwords, stands at %s"
                  .formatted(paths.dataDirectory()),
              "Finish it with the options it was begun with, or take it back with 'pgbackup undo'.")
          .asException();
    }
    return same;
  }

  private Optional<RestoreJournal> resume(
      RestorePaths paths,
      RestorePlan plan,
      RestoreDestination destination,
      RestoreListener listener)
      throws IOException {
    Optional<RestoreJournal> same =
        unfinished(paths, plan, destination).map(journal -> journal.withDestination(destination));
    if (same.isPresent()) {
      listener.warning(
          "going on with the restore that began at %s from %s"
              .formatted(same.get().startedAt(), same.get().plan().backup().name()));
    } else if (RestoreJournal.read(paths.journal()).filter(old -> !old.finished()).isPresent()) {
      listener.warning(
          "an unfinished restore to another target, or without these passwords, is discarded");
      new RestoreUndo(services.process(), services.clock()).discard(paths);
    }
    return same;
  }

  private RestoreResult finish(RestoreJournal journal, RestorePaths paths) throws IOException {
    if (journal.destination() instanceof RestoreDestination.InPlace) {
      journal.withFinished().write(paths);
      RestoreLock.clear(paths);
    } else {
      // the journal last: cut off here, the same command removes the rest
      RestoreLock.clear(paths);
      Files.deleteIfExists(paths.journal());
    }
    RestoreResult result = result(journal, paths);
    LOG.atInfo()
        .addKeyValue("backup", result.backup())
        .addKeyValue("dataDirectory", result.dataDirectory())
        .addKeyValue("timeline", result.outcome().timeline())
        .log("restore completed");
    return result;
  }

  private RestoreResult result(RestoreJournal journal, RestorePaths paths) {
    return new RestoreResult(
        journal.destination().dataDirectory(),
        journal.plan().backup().name(),
        journal.outcome().orElseThrow(),
        IdentityFile.beside(paths.dataDirectory()).read(),
        journal.previous(),
        services.process().isRunning(paths.dataDirectory()));
  }
}
