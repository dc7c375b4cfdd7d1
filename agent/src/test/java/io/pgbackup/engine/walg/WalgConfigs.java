package io.pgbackup.engine.walg;

import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.PgBackupConfig.EncryptionConfig;
import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.testing.TestArchive;

/// Configurations for tests.
final class WalgConfigs {
  private WalgConfigs() {}

  /// Leads to an archive and a server.
  static PgBackupConfig of(TestArchive archive, PostgresConfig postgres) {
    return of(archive, postgres, EncryptionConfig.NONE);
  }

  /// @param encryption by a libsodium key of hexadecimal digits, or none
  static PgBackupConfig of(
      TestArchive archive, PostgresConfig postgres, EncryptionConfig encryption) {
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
                    postgres.dataDirectory())
            + encryption
                .keyFile()
                .map(
                    "encryption: { method: libsodium, keyTransform: hex, keyFile: '%s' }\n"
                        ::formatted)
                .orElse(""));
  }
}
