package io.pgbackup.engine.embedded;

import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.BackupDeadlines;
import io.pgbackup.engine.BackupEngine;
import io.pgbackup.engine.BackupEngineContract;
import io.pgbackup.engine.BackupFetcher;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestArchive;
import java.time.Clock;
import org.junit.jupiter.api.Nested;

/// The contract of every engine, kept by the embedded one.
class EmbeddedBackupContractIT {
  private abstract static class Embedded extends BackupEngineContract {
    Embedded(TestArchive.Kind kind, PostgresRelease release) {
      super(kind, release);
    }

    @Override
    protected void open(TestArchive archive, PostgresConfig postgres) {}

    @Override
    protected BackupEngine engine(BackupDeadlines deadlines) {
      return new EmbeddedBackupEngine(
          archive().store(),
          archive().layout(),
          server(),
          new EmbeddedBackupEngine.Settings(
              new Packing(Codec.LZ4, ObjectCipher.NONE), 2, "db-1", 3 << 20, deadlines),
          Clock.systemUTC());
    }

    @Override
    protected BackupFetcher fetcher() {
      return new EmbeddedBackupFetcher(archive().store(), archive().layout(), 2);
    }

    @Override
    protected void shut() {}
  }

  @Nested
  class InADirectory extends Embedded {
    InADirectory() {
      super(TestArchive.Kind.DIRECTORY, PostgresRelease.OLDER);
    }
  }

  @Nested
  class InS3 extends Embedded {
    InS3() {
      super(TestArchive.Kind.S3, PostgresRelease.NEWEST);
    }
  }
}
