package io.pgbackup.restore;

import io.pgbackup.lineage.IdentityFile;
import io.pgbackup.postgres.ControlFile;
import io.pgbackup.postgres.process.PostgresInstallation;
import io.pgbackup.postgres.process.PostgresProcess;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// Everything that can be refused before anything is touched.
record RestoreChecks(PostgresProcess process, RestorePaths paths) {
  /// Whether the data may go there.
  ///
  /// @throws PgBackupException `Refused`, each with its remedy
  void checkDestination(RestorePlan plan, RestoreDestination destination) {
    switch (destination) {
      case RestoreDestination.NewDirectory directory -> {
        checkNew();
        checkTablespaces(plan, directory);
      }
      case RestoreDestination.InPlace inPlace -> checkInPlace(plan, inPlace);
    }
  }

  /// Whether this machine can do it.
  ///
  /// @throws PgBackupException `Refused`, each with its remedy
  void checkMachine(
      RestorePlan plan,
      RestoreDestination destination,
      PostgresInstallation installation,
      ServerUser user) {
    checkFolder(installation, user);
    destination.tablespaces().values().forEach(place -> checkReachable(place, user));
    checkSpace(plan);
  }

  private void checkNew() {
    Path target = paths.dataDirectory();
    if (Files.exists(target)) {
      if (!Files.isDirectory(target) || !isEmpty(target)) {
        throw refused(
            target + " is not empty", "Give a directory that is absent or empty as --target-dir.");
      }
      if (new DataDirectory(target).isMountPoint()) {
        throw refused(
            target + " is a mount point, and a finished restore is put in place by a rename",
            "Give a folder inside it: --target-dir " + target.resolve("data") + ".");
      }
    }
    IdentityFile identity = IdentityFile.beside(target);
    if (Files.exists(identity.path())) {
      throw refused(
          identity.path() + " names the lineage of an earlier data directory of this name",
          "Give another --target-dir, or move that file away.");
    }
    for (Path folder = target.getParent(); folder != null; folder = folder.getParent()) {
      if (Files.exists(folder.resolve("PG_VERSION"))) {
        throw refused(
            target + " lies inside the data directory " + folder,
            "Give a directory outside of it as --target-dir.");
      }
    }
  }

  private void checkTablespaces(RestorePlan plan, RestoreDestination.NewDirectory destination) {
    Map<String, Path> places = destination.tablespaces();
    new TablespaceTargets(plan, Map.of())
        .resolve(
            places.entrySet().stream()
                .map(place -> new TablespaceMapping(place.getKey(), place.getValue()))
                .toList(),
            destination.dataDirectory());
    for (Map.Entry<String, Path> each : places.entrySet()) {
      Path place = each.getValue();
      String option = "--tablespace " + each.getKey() + "=DIR";
      boolean taken = Files.exists(place) && (!Files.isDirectory(place) || !isEmpty(place));
      if (taken && !isLeftByAnUnfinishedRestore(place)) {
        throw refused(
            place + " is not empty, and a tablespace shall go there",
            "Give a directory that is absent or empty, of a volume a folder inside it: "
                + option
                + ".");
      }
      if (overlaps(place, paths.dataDirectory()) || overlaps(place, paths.workspace())) {
        throw refused(
            place + " and the data directory " + paths.dataDirectory() + " lie in each other",
            "Give the tablespace a directory of its own: " + option + ".");
      }
      if (places.values().stream().filter(other -> overlaps(place, other)).count() > 1) {
        throw refused(
            place + " lies in the place of another tablespace",
            "Give each tablespace a directory of its own.");
      }
    }
  }

  /// It is emptied before this one begins.
  private boolean isLeftByAnUnfinishedRestore(Path place) {
    return Files.exists(paths.staging())
        && RestoreJournal.read(paths.journal()).stream()
            .filter(journal -> !journal.finished())
            .filter(journal -> journal.destination().tablespaces().containsValue(place))
            .anyMatch(journal -> isMarkedBy(journal, place));
  }

  private static boolean isMarkedBy(RestoreJournal journal, Path place) {
    try {
      return StagedTablespaces.of(journal).isOurs(place);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean overlaps(Path one, Path other) {
    Path first = RestorePaths.real(one);
    Path second = RestorePaths.real(other);
    return first.startsWith(second) || second.startsWith(first);
  }

  private void checkInPlace(RestorePlan plan, RestoreDestination.InPlace inPlace) {
    DataDirectory old = new DataDirectory(paths.dataDirectory());
    if (!isDamagedOneOfThisCluster(plan, old)) {
      checkSameCluster(plan, old);
    }
    if (old.has("standby.signal")) {
      throw refused(
          old.path() + " belongs to a standby",
          "Restore on the primary and make its standbys anew, or use --target-dir.");
    }
    if (old.isMountPoint()) {
      throw refused(
          old.path() + " is a mount point, which cannot be exchanged by a rename",
          "Mount the volume one folder higher, or restore into a folder of the volume with"
              + " --target-dir and point the server to it.");
    }
    if (old.hasLinkedWal()) {
      throw refused(
          old.path().resolve("pg_wal") + " is a symbolic link, and restores keep WAL inside",
          "Stop the server and move pg_wal back, or use --target-dir and link it again yourself.");
    }
    if (!old.tablespaces().isEmpty()) {
      throw refused(
          old.path() + " has tablespaces, which are not restored in place",
          "Use --target-dir with --tablespace, and let the server begin there.");
    }
    if (plan.backup().tablespaces().isPresent()) {
      throw refused(
          "backup " + plan.backup().name() + " has tablespaces, which are not restored in place",
          "Use --target-dir with --tablespace, and let the server begin there.");
    }
    refuseIfUnseen(process, old.path());
    if (!inPlace.stop() && process.isRunning(old.path())) {
      throw refused(
          "a PostgreSQL server runs in " + old.path(),
          "Stop it first, or let --stop stop it once everything else is done; it is then started"
              + " again.");
    }
  }

  /// What may be running where we cannot see it can be neither stopped nor replaced.
  static void refuseIfUnseen(PostgresProcess process, Path directory) {
    if (process.mayRunUnseen(directory)) {
      Path file = directory.resolve("postmaster.pid");
      throw refused(
          "a server that cannot be seen from here may be running in %s: %s stands, and its process is not here"
              .formatted(directory, file),
          "Stop the server in whatever container or host it runs. If none does, it crashed: remove "
              + file
              + ", then run the same command again.");
    }
  }

  /// The identity beside the data says whose they are where they are too damaged to say it
  /// themselves, which is what a restore is for.
  private static boolean isDamagedOneOfThisCluster(RestorePlan plan, DataDirectory old) {
    return Files.isDirectory(old.path())
        && !old.hasControl()
        && IdentityFile.beside(old.path())
            .read()
            .filter(
                identity ->
                    plan.backup()
                        .systemIdentifier()
                        .map(identity.systemIdentifier()::equals)
                        .orElse(identity.cluster().equals(plan.lineage().cluster())))
            .isPresent();
  }

  private static void checkSameCluster(RestorePlan plan, DataDirectory old) {
    if (!old.hasControl()) {
      throw refused(
          old.path()
              + (old.isDataDirectory()
                  ? " has a damaged pg_control, so nothing says whose data these are"
                  : " is no data directory"),
          "Move what is left of it away (mv %1$s %1$s.damaged), then restore with --target-dir %1$s."
              .formatted(old.path()));
    }
    ControlFile control = old.control();
    plan.backup()
        .systemIdentifier()
        .filter(expected -> !expected.equals(control.systemIdentifier()))
        .ifPresent(
            expected -> {
              throw refused(
                  "%s has system identifier %s, and the backup is of %s: another cluster"
                      .formatted(old.path(), control.systemIdentifier(), expected),
                  "Check --data-dir and --cluster; to restore another cluster use --target-dir.");
            });
  }

  /// The nearest folder above that exists must let the server's user through.
  private static void checkReachable(Path place, ServerUser user) {
    Path folder = place.getParent();
    while (folder != null && !Files.isDirectory(folder)) {
      folder = folder.getParent();
    }
    if (folder != null && !user.canEnter(folder)) {
      throw refused(
          "the user %s, as whom PostgreSQL runs, cannot enter %s".formatted(user, folder),
          "Open the folders above for that user (chmod o+x), or choose another place for the"
              + " tablespace.");
    }
  }

  private void checkFolder(PostgresInstallation installation, ServerUser user) {
    Path folder = paths.parent();
    if (!Files.isDirectory(folder)) {
      throw refused("there is no folder " + folder, "Create it first.");
    }
    if (!Files.isWritable(folder)) {
      throw refused(
          "this user cannot write into " + folder,
          "The restore works beside the data directory; run it as a user who may write there.");
    }
    if (!user.canEnter(folder)) {
      throw refused(
          "the user %s, as whom PostgreSQL runs, cannot enter %s".formatted(user, folder),
          "Open the folders above for that user (chmod o+x), or choose another place.");
    }
    if (!user.canEnter(installation.binDirectory())) {
      throw refused(
          "the user %s, as whom PostgreSQL runs, cannot enter %s"
              .formatted(user, installation.binDirectory()),
          "Install PostgreSQL where every user can reach it, or give another --pg-bin-dir.");
    }
  }

  private void checkSpace(RestorePlan plan) {
    Optional<Long> needed = plan.diskBytes();
    if (needed.isEmpty()) {
      return;
    }
    try {
      long usable = Files.getFileStore(paths.parent()).getUsableSpace();
      if (usable < needed.get()) {
        throw refused(
            "the restore needs about %s in %s, and %s are free"
                .formatted(Bytes.text(needed.get()), paths.parent(), Bytes.text(usable)),
            "Free some space; a restore in place keeps the old data directory as well.");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isEmpty(Path directory) {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.findAny().isEmpty();
    } catch (IOException e) {
      throw Problem.refused(
              "cannot look into %s: %s".formatted(directory, e.getMessage()),
              "Run the command as a user who may.")
          .causedBy(e);
    }
  }

  private static PgBackupException refused(String message, String hint) {
    return Problem.refused(message, hint).asException();
  }
}
