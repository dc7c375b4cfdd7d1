package io.pgbackup.engine.walg;

import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.testing.TestArchive;

/// Configurations for tests.
final class WalgConfigs {
  private WalgConfigs() {}

  /// Leads to an archive and a server.
  static PgBackupConfig of(TestArchive archive, PostgresConfig postgres) {
    return archive.config(
        """
        postgres:
          host: "%s"
          port: %d
          user: %s
          database: %s
          dataDirectory: "%s"
        """
            .formatted(
                postgres.host(),
                postgres.port(),
                postgres.user(),
                postgres.database(),
                postgres.dataDirectory()));
  }
}
