package io.pgbackup.archive;

import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.WalFileName;
import java.util.Optional;

/// Decides whether a file is let go: answered as if it were stored, and not stored, because the
/// configuration says so. Thread-safe.
@FunctionalInterface
public interface Discards {
  /// Everything is stored.
  Discards NOTHING = (_, _) -> false;

  /// @param sender the lineage that the sender's data belong to, empty where it does not know
  /// @return whether the file is let go, and is counted as that
  /// @throws io.pgbackup.problem.PgBackupException `Refused` where the sender is another's: the
  ///   configuration says nothing about its WAL
  boolean letsGo(WalFileName name, Optional<LineageUid> sender);
}
