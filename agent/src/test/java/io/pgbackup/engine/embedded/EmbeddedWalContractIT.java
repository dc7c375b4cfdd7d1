package io.pgbackup.engine.embedded;

import io.pgbackup.engine.WalEngine;
import io.pgbackup.engine.WalEngineContract;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.testing.TestArchive;
import java.util.Optional;
import org.junit.jupiter.api.Nested;

/// The contract of every engine, kept by the embedded one.
class EmbeddedWalContractIT {
  private abstract static class Embedded extends WalEngineContract {
    Embedded(TestArchive.Kind kind) {
      super(kind);
    }

    @Override
    protected WalEngine open(TestArchive archive) {
      return new EmbeddedWalEngine(archive.store(), archive.layout(), Codec.LZ4, Optional.empty());
    }
  }

  @Nested
  class InADirectory extends Embedded {
    InADirectory() {
      super(TestArchive.Kind.DIRECTORY);
    }
  }

  @Nested
  class InS3 extends Embedded {
    InS3() {
      super(TestArchive.Kind.S3);
    }
  }
}
