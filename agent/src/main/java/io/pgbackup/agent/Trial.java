package io.pgbackup.agent;

import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.drill.DrillVerdict;

/// One restore into a directory that is thrown away.
interface Trial {
  /// Removes what earlier ones left that were killed.
  void sweep(PgBackupConfig config);

  /// On the calling thread, until it is done or that thread is interrupted.
  ///
  /// @throws io.pgbackup.problem.PgBackupException where there is no verdict, because of this host,
  ///   the request, or an interrupt
  DrillVerdict perform(PgBackupConfig config, LineageCatalog archive);

  /// Ends what does not hear an interrupt; from any thread.
  void abort();
}
