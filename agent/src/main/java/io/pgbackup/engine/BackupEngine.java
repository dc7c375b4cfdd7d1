package io.pgbackup.engine;

/// Takes base backups of one server into the archive of one lineage.
public interface BackupEngine {
  /// Takes one base backup. Returns only when its sentinel stands, which is written after every WAL
  /// segment that the backup needs was seen in the store.
  ///
  /// On failure the server holds no backup open, and what was stored is deleted where this process
  /// may delete, and otherwise logged; without a sentinel every reader ignores it.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `Refused` where a delta is demanded and there
  ///   can be none; in all other cases of failure, an interrupt included
  TakenBackup push(BackupRequest request, BackupListener listener);
}
