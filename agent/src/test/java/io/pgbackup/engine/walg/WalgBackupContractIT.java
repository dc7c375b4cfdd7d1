package io.pgbackup.engine.walg;

import io.pgbackup.config.PgBackupConfig.EncryptionConfig;
import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.encryption.Encryption;
import io.pgbackup.engine.BackupDeadlines;
import io.pgbackup.engine.BackupEngine;
import io.pgbackup.engine.BackupEngineContract;
import io.pgbackup.engine.BackupFetcher;
import io.pgbackup.engine.embedded.EmbeddedBackupEngine.DeltaRules;
import io.pgbackup.engine.embedded.EmbeddedBackupFetcher;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.RealWalg;
import io.pgbackup.testing.TestArchive;
import io.pgbackup.testing.TestKeys;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/// The contract of every engine, kept by a real wal-g.
class WalgBackupContractIT {
  @TempDir private static Path keys;

  private abstract static class Real extends BackupEngineContract {

    // opened by open
    @SuppressWarnings("NullAway.Init")
    private Walg walg;

    Real(TestArchive.Kind kind, PostgresRelease release) {
      super(kind, release);
    }

    @Override
    protected void skipOrNot() {
      RealWalg.binary();
    }

    @Override
    protected void open(TestArchive archive, PostgresConfig postgres) {
      walg = Walg.open(WalgConfigs.of(archive, postgres, encryption()), RealWalg.binary());
    }

    EncryptionConfig encryption() {
      return EncryptionConfig.NONE;
    }

    private ObjectCipher cipher() {
      return Encryption.open(encryption());
    }

    @Override
    protected BackupEngine engine(BackupDeadlines deadlines) {
      return walg.backups(
          archive().store(),
          archive().layout(),
          server(),
          new WalgBackupEngine.Settings(
              new Packing(Codec.LZ4, cipher()), 0, DeltaRules.NEVER, Optional.empty(), deadlines),
          Clock.systemUTC());
    }

    @Override
    protected BackupFetcher fetcher() {
      return walg.fetcher(
          archive().store(),
          archive().layout(),
          new EmbeddedBackupFetcher(archive().store(), archive().layout(), cipher(), 1));
    }

    @Override
    protected void shut() {
      walg.close();
    }
  }

  @Nested
  class InADirectoryAndEncrypted extends Real {
    InADirectoryAndEncrypted() {
      super(TestArchive.Kind.DIRECTORY, PostgresRelease.OLDER);
    }

    @Override
    EncryptionConfig encryption() {
      return new TestKeys(keys).libsodium(TestKeys.GOLDEN);
    }
  }

  @Nested
  class InS3 extends Real {
    InS3() {
      super(TestArchive.Kind.S3, PostgresRelease.NEWEST);
    }
  }
}
