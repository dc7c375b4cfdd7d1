package io.pgbackup.drill;

import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.PgBackupConfig.DrillConfig;
import io.pgbackup.postgres.process.PostgresInstallation;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.restore.RestorePlan;
import io.pgbackup.wording.Sizes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// What drills need of the host that the agent runs on. Changes nothing.
public final class DrillHost {
  private static final long LEAST_LEFT = 1L << 30;
  private static final int LEAST_SHARE = 20;

  private DrillHost() {}

  /// @return PostgreSQL's programs; empty where the data directory does not tell yet which version
  /// @throws PgBackupException `Misconfigured` if drills cannot be done here
  public static Optional<PostgresInstallation> check(PgBackupConfig config) {
    checkDirectory(config);
    return major(config.postgres().dataDirectory()).map(major -> programs(config.drill(), major));
  }

  /// @throws PgBackupException `Misconfigured` if they are not here
  public static PostgresInstallation programs(DrillConfig drill, int major) {
    try {
      return PostgresInstallation.find(major, drill.pgBinDirectory());
    } catch (PgBackupException e) {
      throw Problem.misconfigured(
              "drill.enabled is true, and " + e.problem().message(),
              ("Name the folder with PostgreSQL %d's programs in drill.pgBinDirectory. Where there"
                      + " are none, as in the sidecar's image, set drill.enabled: false and let"
                      + " 'pgbackup drill' run on a schedule where there are: docs/drill.md.")
                  .formatted(major))
          .causedBy(e);
    }
  }

  /// Whether enough is left for PostgreSQL's WAL, where a drill shares its disk.
  ///
  /// @throws PgBackupException `Refused` if not
  public static void checkRoom(PgBackupConfig config, RestorePlan plan) {
    Path directory = existing(config.drill().directory().orElseThrow());
    try {
      FileStore disk = Files.getFileStore(directory);
      if (!disk.equals(Files.getFileStore(existing(config.postgres().dataDirectory())))) {
        return;
      }
      long needed = plan.diskBytes().orElse(0L);
      long left = Math.max(LEAST_LEFT, disk.getTotalSpace() / LEAST_SHARE);
      if (disk.getUsableSpace() < needed + left) {
        throw Problem.refused(
                "%s is on PostgreSQL's disk, and of its %s a drill would take about %s"
                    .formatted(directory, Sizes.human(disk.getUsableSpace()), Sizes.human(needed)),
                "%s must stay free for WAL: make room, or name a directory on another disk in drill.directory."
                    .formatted(Sizes.human(left)))
            .asException();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void checkDirectory(PgBackupConfig config) {
    Path directory = config.drill().directory().orElseThrow();
    if (directory.normalize().startsWith(config.postgres().dataDirectory().normalize())) {
      throw Problem.misconfigured(
              "drill.directory %s lies in the data directory".formatted(directory),
              "Name one outside of it: what is in it would be backed up.")
          .asException();
    }
    Path existing = existing(directory);
    if (!Files.isDirectory(existing) || !Files.isWritable(existing)) {
      throw Problem.misconfigured(
              "drill.directory %s cannot be written: this user may not write into %s"
                  .formatted(directory, existing),
              "Give it to the user that runs the agent.")
          .asException();
    }
  }

  private static Path existing(Path path) {
    Path folder = path.toAbsolutePath().normalize();
    while (!Files.exists(folder) && folder.getParent() != null) {
      folder = folder.getParent();
    }
    return folder;
  }

  private static Optional<Integer> major(Path dataDirectory) {
    try {
      return Optional.of(
          Integer.valueOf(Files.readString(dataDirectory.resolve("PG_VERSION")).strip()));
    } catch (IOException | NumberFormatException _) {
      // not there yet, or not for us to read: the server tells it later
      return Optional.empty();
    }
  }
}
