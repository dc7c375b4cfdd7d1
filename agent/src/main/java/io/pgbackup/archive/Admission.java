package io.pgbackup.archive;

import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.WalFileName;
import java.util.Optional;

/// Decides whether a file may enter the archive at all: the fence between lineages. Thread-safe.
@FunctionalInterface
public interface Admission {
  /// @param sender the lineage that the sender's data belong to, empty where it does not know
  /// @throws io.pgbackup.problem.PgBackupException `Refused` if the file must not be stored here;
  ///   `StorageFailed` if that could not be found out
  void check(WalFileName name, byte[] content, Optional<LineageUid> sender);
}
