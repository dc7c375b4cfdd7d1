package io.pgbackup.agent;

import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.PgBackupConfig.CredentialJson;
import io.pgbackup.config.PgBackupConfig.DrillConfig;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.drill.Drill;
import io.pgbackup.drill.DrillHost;
import io.pgbackup.drill.DrillListener;
import io.pgbackup.drill.DrillRequest;
import io.pgbackup.drill.DrillVerdict;
import io.pgbackup.drill.RandomInstant;
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
import io.pgbackup.postgres.process.PostgresProcess;
import io.pgbackup.problem.Problem;
import io.pgbackup.restore.LineageEngines;
import io.pgbackup.restore.RecoveryTarget;
import io.pgbackup.restore.RestorePlan;
import io.pgbackup.restore.RestorePlanner;
import io.pgbackup.restore.RestoreRunner;
import io.pgbackup.restore.RestoreServices;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.open.Stores;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/// A drill over the agent's own archive, with the embedded engine and one object at a time: it
/// takes its time and leaves processor and network to what archives.
///
/// Thread-safe; one at a time.
final class ArchiveTrial implements Trial {
  private static final int OBJECTS_AT_A_TIME = 1;

  private final ObjectStore store;
  private final Supplier<ObjectCipher> cipher;
  private final Clock clock;
  private final AtomicReference<Optional<Drill>> running = new AtomicReference<>(Optional.empty());

  /// @param store the agent's own: for the lease that keeps retention away, and to read from where
  ///   no other credential is given
  ArchiveTrial(ObjectStore store, Supplier<ObjectCipher> cipher, Clock clock) {
    this.store = store;
    this.cipher = cipher;
    this.clock = clock;
  }

  @Override
  public void sweep(PgBackupConfig config) {
    drill(config, store, Optional.empty()).sweep(config.drill().directory().orElseThrow());
  }

  @Override
  public DrillVerdict perform(PgBackupConfig config, LineageCatalog archive) {
    RestorePlan plan = plan(config, archive);
    Path programs =
        DrillHost.programs(config.drill(), plan.backup().serverVersion().major()).binDirectory();
    DrillHost.checkRoom(config, plan);
    Optional<ObjectStore> readOnly =
        config.drill().credentialsFile().map(file -> Stores.open(with(config.storage(), file)));
    try {
      Drill drill = drill(config, readOnly.orElse(store), Optional.of(programs));
      running.set(Optional.of(drill));
      return drill.run(
          new DrillRequest(
              plan,
              archive.lastCommit(),
              config.drill().directory().orElseThrow(),
              config.drill().probes(),
              config.postgres().database(),
              /* keep= */ false,
              Host.name()),
          DrillListener.SILENT);
    } finally {
      running.set(Optional.empty());
      readOnly.ifPresent(ObjectStore::close);
    }
  }

  private static StorageConfig with(StorageConfig storage, Path credentialsFile) {
    return new StorageConfig(
        storage.url(),
        storage.endpoint(),
        storage.region(),
        storage.pathStyle(),
        storage.caFile(),
        Optional.of(new CredentialJson(credentialsFile)),
        storage.prefix(),
        storage.dialect());
  }

  private static RestorePlan plan(PgBackupConfig config, LineageCatalog archive) {
    if (archive.isSplit()) {
      throw Problem.refused(
              "the newest base backup is on a timeline that the newest one passes by",
              "Two servers went on from one history; find the other one and stop it.")
          .asException();
    }
    DrillConfig drill = config.drill();
    RecoveryTarget target =
        switch (drill.target()) {
          case LATEST -> new RecoveryTarget.Latest();
          case RANDOM ->
              RandomInstant.in(archive.windows(), RandomGenerator.getDefault())
                  .<RecoveryTarget>map(RecoveryTarget.AtTime::new)
                  .orElseGet(RecoveryTarget.Latest::new);
        };
    return new RestorePlanner(ZoneOffset.UTC)
        .plan(
            archive.lineage().cluster(),
            List.of(archive),
            Optional.of(archive.lineage().uid()),
            target);
  }

  private Drill drill(PgBackupConfig config, ObjectStore from, Optional<Path> programs) {
    PostgresProcess process = new LocalPostgres();
    RestoreServices services =
        new RestoreServices(
            new Embedded(from, cipher.get()),
            new Claims(store),
            new Leases(store, clock),
            new PrefixTemplate(config.storage().prefix()),
            process,
            programs,
            clock);
    return new Drill(new RestoreRunner(services), process, programs, clock);
  }

  @Override
  public void abort() {
    running.get().ifPresent(Drill::abort);
  }

  private record Embedded(ObjectStore store, ObjectCipher cipher) implements LineageEngines {
    @Override
    public BackupFetcher backups(ArchiveLayout layout) {
      return new EmbeddedBackupFetcher(store, layout, cipher, OBJECTS_AT_A_TIME);
    }

    @Override
    public WalEngine wal(ArchiveLayout layout) {
      return new EmbeddedWalEngine(store, layout, new Packing(Codec.LZ4, cipher), Optional.empty());
    }
  }
}
