package io.pgbackup.engine.walg;

import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.engine.WalEngine;
import io.pgbackup.engine.WalEngineContract;
import io.pgbackup.engine.embedded.EmbeddedWalEngine;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.testing.RealWalg;
import io.pgbackup.testing.TestArchive;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;

/// The contract of every engine, kept by the daemon of a real wal-g.
class WalgWalContractIT {
  private abstract static class RealDaemon extends WalEngineContract {

    // opened by open
    @SuppressWarnings("NullAway.Init")
    private Walg walg;

    // opened by open
    @SuppressWarnings("NullAway.Init")
    private WalgWalEngine engine;

    RealDaemon(TestArchive.Kind kind) {
      super(kind);
    }

    @Override
    protected WalEngine open(TestArchive archive) {
      Path binary = RealWalg.binary();
      PgBackupConfig config = archive.config("");
      walg = Walg.open(config, binary);
      engine =
          walg.wal(
              archive.store(),
              archive.layout(),
              Packing.plain(Codec.LZ4),
              new EmbeddedWalEngine(archive.store(), archive.layout(), Codec.LZ4, Optional.empty()),
              Clock.systemUTC());
      return engine;
    }

    @AfterEach
    void close() {
      if (engine != null) {
        engine.close();
        walg.close();
      }
    }
  }

  @Nested
  class InADirectory extends RealDaemon {
    InADirectory() {
      super(TestArchive.Kind.DIRECTORY);
    }
  }

  @Nested
  class InS3 extends RealDaemon {
    InS3() {
      super(TestArchive.Kind.S3);
    }
  }
}
