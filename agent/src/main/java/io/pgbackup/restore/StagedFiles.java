package io.pgbackup.restore;

import io.pgbackup.engine.FetchedBackup;
import io.pgbackup.postgres.ControlFile;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.postgres.process.Trees;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/// Makes a fetched backup ready to be recovered.
record StagedFiles(RestorePaths paths, ServerUser user, StagedTablespaces tablespaces) {
  /// What a backup may hold of the source's role or life and this server must not begin with.
  private static final List<String> NOT_OURS =
      List.of(
          Standby.SIGNAL,
          "recovery.signal",
          "postmaster.pid",
          "postmaster.opts",
          "backup_manifest");

  /// Directories that PostgreSQL expects, and that backups leave out because they are empty.
  private static final List<String> EXPECTED =
      List.of(
          "pg_commit_ts",
          "pg_dynshmem",
          "pg_logical",
          "pg_logical/mappings",
          "pg_logical/snapshots",
          "pg_notify",
          "pg_replslot",
          "pg_serial",
          "pg_snapshots",
          "pg_stat",
          "pg_stat_tmp",
          "pg_subtrans",
          "pg_tblspc",
          "pg_twophase",
          "pg_wal",
          "pg_wal/archive_status");

  /// @throws io.pgbackup.problem.PgBackupException `VerificationFailed` if these are not the files
  ///   of the planned backup, `Refused` if a tablespace has no place
  void check(RestorePlan plan, FetchedBackup fetched) throws IOException {
    DataDirectory staging = new DataDirectory(paths.staging());
    ControlFile control = staging.control();
    plan.backup()
        .systemIdentifier()
        .filter(expected -> !expected.equals(control.systemIdentifier()))
        .ifPresent(
            expected -> {
              throw Problem.verificationFailed(
                      "backup %s holds a pg_control of system identifier %s instead of %s"
                          .formatted(plan.backup().name(), control.systemIdentifier(), expected),
                      "Choose another base backup. " + RestoreFailures.DISCARD)
                  .asException();
            });
    tablespaces.check(paths.staging());
  }

  /// For a recovery that ends.
  void prepare() throws IOException {
    prepare("recovery.signal", "");
  }

  /// For a server that follows the archive.
  void prepareStandby() throws IOException {
    prepare(Standby.SIGNAL, Standby.MARK);
  }

  private void prepare(String signal, String content) throws IOException {
    Path staging = paths.staging();
    for (String name : NOT_OURS) {
      Files.deleteIfExists(staging.resolve(name));
    }
    for (String name : EXPECTED) {
      Path directory = staging.resolve(name);
      if (!Files.isDirectory(directory)) {
        Files.createDirectory(
            directory,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        user.own(directory);
      }
    }
    // A slot of the source would hold WAL here for ever.
    for (Path slot : new DataDirectory(staging).entries("pg_replslot")) {
      Trees.delete(slot);
    }
    tablespaces.writeMap(staging, user);
    setAside(staging.resolve(RestoredSettings.AUTO_CONF));
    OwnedFiles.write(staging.resolve(signal), content, user);
  }

  /// The server reads this file whatever configuration it is given.
  private void setAside(Path autoConf) throws IOException {
    if (Files.exists(autoConf) && !Files.exists(paths.autoConf())) {
      Files.move(autoConf, paths.autoConf());
    }
    OwnedFiles.write(autoConf, "", user);
  }
}
