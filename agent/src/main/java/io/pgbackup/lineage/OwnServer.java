package io.pgbackup.lineage;

import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalFileName;

/// The server that an agent stands beside, asked what is its own. Thread-safe.
public interface OwnServer {
  /// What comparing a file with the server's own came to.
  enum Answer {
    SAME,
    /// The server has no such file, or has other content under that name.
    OTHER,
    /// This agent may not look.
    UNTOLD
  }

  /// Compares a file with that of the same name in the server's `pg_wal`, where it lies until it is
  /// archived.
  ///
  /// @throws io.pgbackup.problem.PgBackupException that passes, while the server does not answer
  Answer holds(WalFileName name, byte[] content);

  /// The timeline that the server says it is on. A promotion shows here a moment after its history
  /// file was written.
  ///
  /// @throws io.pgbackup.problem.PgBackupException that passes, while the server does not answer
  Timeline timeline();
}
