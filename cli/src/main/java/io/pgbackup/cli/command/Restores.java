package io.pgbackup.cli.command;

import io.pgbackup.agent.RestoringEngine;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.cli.source.Configuration;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.BackupFetcher;
import io.pgbackup.engine.WalEngine;
import io.pgbackup.engine.embedded.EmbeddedBackupFetcher;
import io.pgbackup.engine.embedded.EmbeddedWalEngine;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.lineage.Claims;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.Leases;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.process.LocalPostgres;
import io.pgbackup.postgres.process.PostgresProcess;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.restore.LineageEngines;
import io.pgbackup.restore.RecoveryTarget;
import io.pgbackup.restore.RestorePlan;
import io.pgbackup.restore.RestorePlanner;
import io.pgbackup.restore.RestoreRunner;
import io.pgbackup.restore.RestoreServices;
import io.pgbackup.restore.TablespaceMapping;
import io.pgbackup.store.ObjectStore;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Plans restores from a store and makes who carries them out.
///
/// @param chosen the engine of the own configuration, where that names the store
/// @param now the lineage of the data that lie here, where that is known
record Restores(
    Archives archives,
    Optional<RestoringEngine> chosen,
    Clock clock,
    ZoneId local,
    Optional<LineageUid> now)
    implements AutoCloseable {
  static Restores of(Archives archives, Configuration configuration, Clock clock, ZoneId local) {
    return new Restores(
        archives,
        // wal-g reads the bucket as it is now.
        archives.past().isPresent()
            ? Optional.empty()
            : configuration.own().map(RestoringEngine::new),
        clock,
        local,
        Optional.empty());
  }

  /// The same, which goes with this one.
  Restores knowing(Optional<LineageUid> uidNow) {
    return new Restores(archives, chosen, clock, local, uidNow);
  }

  /// @param timeline the one that was asked for, which the catalogues were read along
  RestorePlan plan(
      ClusterId cluster,
      List<LineageCatalog> lineages,
      Optional<LineageUid> uid,
      RecoveryTarget target,
      Optional<Timeline> timeline) {
    if (timeline.isPresent() && lineages.isEmpty()) {
      throw Problem.notFound(
              "no lineage of cluster %s has timeline %s".formatted(cluster, timeline.get()),
              "'pgbackup window' names the timelines that hold base backups.")
          .asException();
    }
    boolean newest = timeline.isEmpty() && target instanceof RecoveryTarget.Latest;
    if (newest && !lineages.isEmpty() && lineages.stream().allMatch(LineageCatalog::isSplit)) {
      throw undecided(lineages.getFirst());
    }
    RestorePlan plan = new RestorePlanner(local, now).plan(cluster, lineages, uid, target);
    Optional<LineageCatalog> split =
        lineages.stream()
            .filter(catalog -> newest && catalog.isSplit())
            .filter(catalog -> catalog.lineage().equals(plan.lineage()))
            .findFirst();
    if (split.isPresent()) {
      throw undecided(split.get());
    }
    return plan;
  }

  private static PgBackupException undecided(LineageCatalog catalog) {
    return Problem.refused(
            "the newest base backup is on timeline %s, and the newest timeline %s passes it by"
                .formatted(catalog.backups().getLast().timeline(), catalog.path().timeline()),
            "Two servers went on from one history; say with --timeline which one is to be restored.")
        .asException();
  }

  /// The names of the backup's tablespaces by their numbers, as far as the archive tells them.
  /// Where only the backup itself does, it is searched if somebody uses a name.
  Map<String, String> tablespaceNames(RestorePlan plan, List<TablespaceMapping> mappings) {
    if (plan.backup().tablespaces().isEmpty()) {
      return Map.of();
    }
    BackupFetcher fetcher = engines().backups(new ArchiveLayout(plan.lineage().prefix()));
    Map<String, String> told = fetcher.tablespaceNames(plan.backup().name());
    return told.isEmpty() && mappings.stream().anyMatch(TablespaceMapping::isByName)
        ? fetcher.searchTablespaceNames(plan.backup().name())
        : told;
  }

  private LineageEngines engines() {
    return new Chosen(archives.store(), archives.live(), archives.cipher(), chosen);
  }

  /// @param binDirectory PostgreSQL's programs; left out, they are looked for
  RestoreRunner runner(Optional<Path> binDirectory) {
    return runner(binDirectory, new LocalPostgres());
  }

  /// @param process that starts its servers
  RestoreRunner runner(Optional<Path> binDirectory, PostgresProcess process) {
    ObjectStore live = archives.live();
    return new RestoreRunner(
        new RestoreServices(
            engines(),
            new Claims(live),
            new Leases(live, clock),
            archives.template(),
            process,
            binDirectory,
            clock));
  }

  private record Chosen(
      ObjectStore store, ObjectStore live, ObjectCipher cipher, Optional<RestoringEngine> engine)
      implements LineageEngines {
    @Override
    public BackupFetcher backups(ArchiveLayout layout) {
      BackupFetcher embedded =
          new EmbeddedBackupFetcher(
              store, layout, cipher, Runtime.getRuntime().availableProcessors());
      return engine.map(known -> known.fetcher(store, layout, embedded)).orElse(embedded);
    }

    @Override
    public WalEngine wal(ArchiveLayout layout) {
      return wal(store, layout);
    }

    @Override
    public WalEngine newWal(ArchiveLayout layout) {
      return wal(live, layout);
    }

    private WalEngine wal(ObjectStore where, ArchiveLayout layout) {
      return new EmbeddedWalEngine(where, layout, new Packing(Codec.LZ4, cipher), Optional.empty());
    }
  }

  @Override
  public void close() {
    chosen.ifPresent(RestoringEngine::close);
  }
}
