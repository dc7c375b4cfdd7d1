package io.pgbackup.restore;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.BackupFetcher;
import io.pgbackup.engine.WalEngine;
import io.pgbackup.engine.embedded.EmbeddedBackupFetcher;
import io.pgbackup.engine.embedded.EmbeddedWalEngine;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.lineage.Claims;
import io.pgbackup.lineage.Leases;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.postgres.process.LocalPostgres;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.testing.PostgresRelease;
import java.time.Clock;
import java.util.Optional;

/// Wires restores as the command line does.
///
/// @param cipher with the keys that are there
public record RestoreBench(ObjectStore store, PostgresRelease release, ObjectCipher cipher) {
  public RestoreBench(ObjectStore store, PostgresRelease release) {
    this(store, release, ObjectCipher.NONE);
  }

  public RestoreRunner runner() {
    return new RestoreRunner(services());
  }

  RestoreUndo undo() {
    return new RestoreUndo(new LocalPostgres(), Clock.systemUTC());
  }

  public RestoreServices services() {
    return new RestoreServices(
        new LineageEngines() {
          @Override
          public BackupFetcher backups(ArchiveLayout layout) {
            return new EmbeddedBackupFetcher(store, layout, cipher, 2);
          }

          @Override
          public WalEngine wal(ArchiveLayout layout) {
            return new EmbeddedWalEngine(
                store, layout, new Packing(Codec.LZ4, cipher), Optional.empty());
          }
        },
        new Claims(store),
        new Leases(store, Clock.systemUTC()),
        PrefixTemplate.DEFAULT,
        new LocalPostgres(),
        Optional.of(release.installation().binDirectory()),
        Clock.systemUTC());
  }
}
