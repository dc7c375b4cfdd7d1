package io.pgbackup.agent;

import io.pgbackup.archive.WalDestination;
import io.pgbackup.backup.ArchivingProbe;
import io.pgbackup.backup.BackupRunner;
import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.IndexKeeper;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.PgBackupConfig.BackupConfig;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.BackupDeadlines;
import io.pgbackup.engine.BackupEngine;
import io.pgbackup.engine.Throttle;
import io.pgbackup.engine.WalEngine;
import io.pgbackup.engine.WalProof;
import io.pgbackup.engine.embedded.EmbeddedBackupEngine;
import io.pgbackup.engine.embedded.EmbeddedBackupEngine.DeltaRules;
import io.pgbackup.engine.embedded.EmbeddedWalEngine;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.Fence;
import io.pgbackup.lineage.Identity;
import io.pgbackup.lineage.IdentityFile;
import io.pgbackup.lineage.Leases;
import io.pgbackup.lineage.LineageResolver;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.lineage.ProtectedLineage;
import io.pgbackup.store.ObjectStore;
import java.time.Clock;
import java.time.LocalTime;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/// Everything that depends on the lineage: its folder, its fence, what packs into it and what reads
/// it. Another lineage is another session.
///
/// Immutable; the parts are thread-safe.
///
/// @param wal the fence and the engine behind it
/// @param backups takes base backups of the server into this lineage
/// @param catalog reads what the archive holds, anew at each call; for one thread
public record LineageSession(
    ProtectedLineage lineage,
    WalDestination wal,
    BackupTaker backups,
    Supplier<LineageCatalog> catalog) {

  static LineageResolver resolver(PgBackupConfig config, ObjectStore store, Clock clock) {
    return new LineageResolver(
        new ClusterId(config.cluster().namespace(), config.cluster().name()),
        config.cluster().uid().map(LineageUid::new),
        new PrefixTemplate(config.storage().prefix()),
        store,
        clock);
  }

  static LineageSession of(
      ProtectedLineage lineage,
      PgBackupConfig config,
      ObjectStore store,
      ObjectCipher cipher,
      Engines engines,
      Clock clock) {
    ArchiveLayout layout = lineage.layout();
    Identity identity = lineage.identity();
    Supplier<Optional<Identity>> beside =
        () -> IdentityFile.beside(config.postgres().dataDirectory()).read();
    Packing packing = new Packing(config.wal().compression(), cipher);
    WalEngine embedded =
        new EmbeddedWalEngine(store, layout, packing, Optional.of(lineage.claim().segmentSize()));
    WalEngine engine = engines.wal(store, layout, packing, embedded);
    Fence fence =
        new Fence(lineage.claim(), layout, store, engine::fetch, OwnWal.of(config.postgres()));
    Catalog catalog = new Catalog(store, cipher);
    Lineage folder =
        new Lineage(
            identity.cluster(), identity.uid(), layout.prefix(), Optional.of(lineage.claim()));
    return new LineageSession(
        lineage,
        new WalDestination(new LineageAdmission(identity, beside, fence::admit), engine),
        backups(
            lineage,
            config,
            store,
            cipher,
            engines,
            engine,
            taken -> new IdentityGuard(taken, identity, beside),
            clock),
        new IndexKeeper(store, catalog, folder, clock)::read);
  }

  static Throttle throttle(BackupConfig config, Clock clock) {
    return config
        .maxRate()
        .map(rate -> new Throttle(() -> rate.at(LocalTime.now(clock.withZone(config.timeZone())))))
        .orElse(Throttle.NONE);
  }

  private static BackupTaker backups(
      ProtectedLineage lineage,
      PgBackupConfig config,
      ObjectStore store,
      ObjectCipher cipher,
      Engines engines,
      WalEngine wal,
      UnaryOperator<BackupEngine> guard,
      Clock clock) {
    String host = Host.name();
    ArchiveLayout layout = lineage.layout();
    EmbeddedBackupEngine.Settings settings =
        new EmbeddedBackupEngine.Settings(
                new Packing(config.backup().compression(), cipher), config.backup().threads(), host)
            .with(deltas(config.backup()), config.backup().userData())
            .with(throttle(config.backup(), clock))
            .with(config.backup().corruptPages());
    EmbeddedBackupEngine embedded =
        new EmbeddedBackupEngine(store, layout, config.postgres(), settings, clock);
    // not wal-g, which would start one more daemon for this
    Optional<WalEngine> reader =
        Optional.of(cipher)
            .filter(ObjectCipher::readsWhatItWrites)
            .map(
                keys ->
                    new EmbeddedWalEngine(
                        store,
                        layout,
                        new Packing(config.wal().compression(), keys),
                        Optional.of(lineage.claim().segmentSize())));
    ArchivingProbe probe =
        new ArchivingProbe(
            config.postgres(),
            config.wal().streams(),
            lineage.claim(),
            wal,
            new WalProof(store.patient(BackupDeadlines.DEFAULT.store()), layout, clock),
            BackupDeadlines.DEFAULT.probe(),
            config.backup().from(),
            reader);
    BackupRunner runner =
        new BackupRunner(
            guard.apply(engines.backups(store, layout, settings, embedded)),
            probe,
            new Leases(store, clock),
            layout.prefix(),
            "base backup on %s, process %d".formatted(host, ProcessHandle.current().pid()),
            config.backup().deadline(),
            clock);
    return runner::run;
  }

  private static DeltaRules deltas(BackupConfig config) {
    return new DeltaRules(
        config.deltaMaxSteps(),
        switch (config.deltaOrigin()) {
          case LATEST -> DeltaRules.Origin.LATEST;
          case LATEST_FULL -> DeltaRules.Origin.LATEST_FULL;
        });
  }
}
