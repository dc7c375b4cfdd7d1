package io.pgbackup.agent;

import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.PgBackupConfig.BackupSource;
import io.pgbackup.credentials.StoreCredentials;
import io.pgbackup.engine.BackupEngine;
import io.pgbackup.engine.WalEngine;
import io.pgbackup.engine.embedded.EmbeddedBackupEngine;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.engine.walg.Walg;
import io.pgbackup.engine.walg.WalgBackupEngine;
import io.pgbackup.engine.walg.WalgWalEngine;
import io.pgbackup.problem.Problem;
import io.pgbackup.status.StatusSnapshot;
import io.pgbackup.store.ObjectStore;
import java.time.InstantSource;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The engines that the configuration chose, for whatever lineage. Close it when nothing uses them
/// any more; then no wal-g runs. Thread-safe.
public final class Engines implements AutoCloseable {
  private final PgBackupConfig config;
  private final Optional<Walg> walg;
  private final InstantSource clock;
  private @Nullable WalgWalEngine wal;

  private Engines(PgBackupConfig config, Optional<Walg> walg, InstantSource clock) {
    this.config = config;
    this.walg = walg;
    this.clock = clock;
  }

  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` if wal-g was chosen and cannot
  ///   be driven
  public static Engines open(PgBackupConfig config, InstantSource clock) {
    return open(config, StoreCredentials.of(config.storage()), clock);
  }

  static Engines open(PgBackupConfig config, StoreCredentials credentials, InstantSource clock) {
    if (config.backup().from() == BackupSource.STANDBY
        && config.engine().walgForBackups().isPresent()) {
      throw Problem.misconfigured(
              "backup.from is standby, and engine wal-g takes base backups of the primary only",
              "Set engine.backup: embedded, or backup.from: primary.")
          .asException();
    }
    Optional<Walg> walg =
        config
            .engine()
            .walgForBackups()
            .or(config.engine()::walgForWal)
            .map(binary -> Walg.open(config, binary, credentials));
    return new Engines(config, walg, clock);
  }

  /// @param embedded the engine in this process, which compares what stands already in any case
  synchronized WalEngine wal(
      ObjectStore store, ArchiveLayout layout, Packing packing, WalEngine embedded) {
    if (walg.isEmpty() || config.engine().walgForWal().isEmpty()) {
      return embedded;
    }
    if (wal != null) {
      // one server has one lineage at a time
      wal.close();
    }
    wal = walg.get().wal(store, layout, packing, embedded, clock);
    return wal;
  }

  /// @param settings of the embedded engine, which hold for either
  BackupEngine backups(
      ObjectStore store,
      ArchiveLayout layout,
      EmbeddedBackupEngine.Settings settings,
      BackupEngine embedded) {
    if (walg.isEmpty() || config.engine().walgForBackups().isEmpty()) {
      return embedded;
    }
    return walg.get()
        .backups(
            store,
            layout,
            config.postgres(),
            new WalgBackupEngine.Settings(
                settings.packing(),
                settings.threads(),
                settings.deltas(),
                settings.userData(),
                settings.deadlines(),
                settings.throttle(),
                settings.pages()),
            clock);
  }

  /// What a person sees of them.
  StatusSnapshot.Engines view() {
    boolean backups = config.engine().walgForBackups().isPresent();
    boolean segments = config.engine().walgForWal().isPresent();
    return new StatusSnapshot.Engines(
        name(backups),
        name(segments),
        walg.map(Walg::version),
        walg.map(known -> known.children().restarts()),
        walg.map(Walg::children).flatMap(known -> known.peakMemory().stream().boxed().findFirst()),
        EngineNotes.of(backups, segments, "file".equals(config.storage().url().getScheme())));
  }

  private static String name(boolean walg) {
    return walg ? "wal-g" : "embedded";
  }

  @Override
  public synchronized void close() {
    if (wal != null) {
      wal.close();
    }
    walg.ifPresent(Walg::close);
  }
}
