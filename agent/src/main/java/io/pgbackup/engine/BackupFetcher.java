package io.pgbackup.engine;

import io.pgbackup.engine.format.BackupName;
import java.util.Map;
import java.util.function.LongConsumer;

/// Brings base backups of one lineage back into directories. Thread-safe.
public interface BackupFetcher {
  /// Fetches a backup: a full one, or a delta together with all that it stands on. When this
  /// returns, every file is on the disk (fsync) and belongs to the given owner, and everything that
  /// the archive allows to be checked was checked. After a failure the directories hold a part of
  /// the backup.
  ///
  /// @param progress gets the bytes of tar content just dealt with, from several threads; negative
  ///   where a part has to be fetched again
  /// @throws io.pgbackup.problem.PgBackupException `NotFound` if there is no such backup, `Refused`
  ///   if a directory is not empty or a tablespace has no place to go, `VerificationFailed` if what
  ///   is stored is not whole, `StorageFailed` if the store or the disk does not do its part
  FetchedBackup fetch(BackupName name, FetchTarget target, LongConsumer progress);

  /// The names of the backup's tablespaces by their numbers, as far as a document of the archive
  /// tells them.
  Map<String, String> tablespaceNames(BackupName name);

  /// As [#tablespaceNames], where no document tells: looks for them in the backup itself, and may
  /// read all of it.
  Map<String, String> searchTablespaceNames(BackupName name);
}
