package io.pgbackup.engine;

import io.pgbackup.engine.format.BackupName;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/// Brings base backups of one lineage back into directories. Thread-safe.
public interface BackupFetcher {
  /// Fetches a full backup. When this returns, every file is on the disk (fsync) and belongs to the
  /// given owner, and everything that the archive allows to be checked was checked. After a failure
  /// the directory holds a part of the backup.
  ///
  /// @param directory absent or empty; gets mode 0700
  /// @param owner makes a file or directory belong to the user that PostgreSQL will run as, without
  ///   following a symbolic link; called for each when all is there, the directory last
  /// @param progress gets the bytes of file content just written, from several threads; negative
  ///   where a part has to be fetched again
  /// @throws io.pgbackup.problem.PgBackupException `NotFound` if there is no such backup, `Refused`
  ///   if the directory is not empty or this version cannot restore the backup,
  ///   `VerificationFailed` if what is stored is not whole, `StorageFailed` if the store or the
  ///   disk does not do its part
  FetchedBackup fetch(BackupName name, Path directory, Consumer<Path> owner, LongConsumer progress);
}
