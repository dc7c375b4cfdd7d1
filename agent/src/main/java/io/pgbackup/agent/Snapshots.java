package io.pgbackup.agent;

import io.pgbackup.archive.ArchiveStatus;
import io.pgbackup.archive.OutageGovernor.Outage;
import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.drill.DrillVerdict;
import io.pgbackup.engine.format.CorruptPages;
import io.pgbackup.page.StatusPage;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.problem.Problem;
import io.pgbackup.schedule.Schedules;
import io.pgbackup.status.Page;
import io.pgbackup.status.ProblemView;
import io.pgbackup.status.StatusSnapshot;
import io.pgbackup.telemetry.StoreHealth;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// Puts together what all parts know. Asks nobody outside this process, so it never waits.
///
/// Thread-safe.
///
/// @param configuration the one in force
/// @param discarded how many segments were let go
/// @param streamed what is known of the stream, where WAL is streamed
/// @param drills the newest verdict over a base backup
/// @param trials what is known of drills
/// @param pages what is known of corrupt ones
/// @param retention what is known of it
/// @param storeUrl as a person calls the store
/// @param schedule name of the base backups' schedule
record Snapshots(
    Supplier<PgBackupConfig> configuration,
    Supplier<ConfigWatch.State> configState,
    String version,
    String storeUrl,
    InstantSource clock,
    LineageKeeper lineages,
    ServerWatch server,
    Supplier<StatusSnapshot.Engines> engines,
    CatalogWatch catalog,
    WalLag lag,
    Supplier<Optional<Outage>> outage,
    Supplier<ArchiveStatus> pushes,
    LongSupplier discarded,
    Supplier<Optional<WalStreaming.State>> streamed,
    StoreHealth store,
    Supplier<Optional<StatusSnapshot.Credential>> credential,
    Function<String, Optional<DrillVerdict>> drills,
    Supplier<StatusSnapshot.Drills> trials,
    PageWatch pages,
    Supplier<StatusSnapshot.Retention> retention,
    RunBook runs,
    Schedules schedules,
    String schedule,
    Problems problems) {

  StatusSnapshot now() {
    PgBackupConfig config = configuration.get();
    Optional<LineageSession> session = lineages.current();
    Optional<CatalogWatch.Known> known = catalog.known();
    Optional<LineageCatalog> archive = known.map(CatalogWatch.Known::catalog);
    return new StatusSnapshot(
        clock.instant(),
        version,
        new StatusSnapshot.Cluster(config.cluster().namespace(), config.cluster().name()),
        session.map(now -> now.lineage().identity().uid().value()),
        session.map(now -> now.lineage().layout().prefix().path().replaceAll("/$", "")),
        serverNow(),
        new StatusSnapshot.Storage(storeUrl, storeNow(), credential.get()),
        Optional.of(engines.get()),
        archive.map(now -> now.backups().size()),
        archive.flatMap(Snapshots::newest).map(this::backup),
        runs.running(),
        runs.lastEnded(),
        archive.stream().flatMap(Snapshots::windows).toList(),
        archive.stream().flatMap(Snapshots::gaps).toList(),
        archive.flatMap(LineageCatalog::lastCommit),
        archive
            .filter(now -> now.backups().isEmpty())
            .flatMap(_ -> session)
            .map(now -> now.lineage().claim().claimedAt()),
        known.map(CatalogWatch.Known::readAt),
        archiveNow(config),
        scheduleNow(config),
        Optional.of(configurationNow()),
        problemsNow(),
        Optional.of(trials.get()),
        Optional.of(retention.get()));
  }

  Page page() {
    return StatusPage.of(now(), backups(StatusPage.BACKUPS).orElse(List.of()));
  }

  /// All that the archive holds, the newest first; empty where it has not been read yet.
  Optional<List<StatusSnapshot.Backup>> backups() {
    return backups(Integer.MAX_VALUE);
  }

  private Optional<List<StatusSnapshot.Backup>> backups(int atMost) {
    return catalog
        .known()
        .map(
            known ->
                known.catalog().backups().stream()
                    .sorted(Comparator.comparing(BaseBackup::finishTime).reversed())
                    .limit(atMost)
                    .map(this::backup)
                    .toList());
  }

  private StatusSnapshot.Server serverNow() {
    Optional<ServerWatch.Seen> seen = server.seen();
    return new StatusSnapshot.Server(
        seen.isPresent(),
        seen.map(now -> now.facts().version().toString()),
        seen.map(now -> now.primary() ? "primary" : "standby"),
        seen.map(now -> now.facts().systemIdentifier().toString()),
        seen.map(now -> now.facts().timeline().id()),
        seen.map(now -> now.stats().currentLsn().toString()),
        seen.map(now -> now.facts().dataChecksums()));
  }

  private Map<String, Boolean> storeNow() {
    Map<String, Boolean> up = new TreeMap<>();
    store
        .outcomes()
        .forEach(
            (operation, outcome) ->
                up.put(operation.name().toLowerCase(Locale.ROOT), outcome.up()));
    return up;
  }

  static Optional<BaseBackup> newest(LineageCatalog archive) {
    return archive.backups().stream()
        .filter(archive::hasWalOf)
        .max(Comparator.comparing(BaseBackup::finishTime));
  }

  private StatusSnapshot.Backup backup(BaseBackup backup) {
    return new StatusSnapshot.Backup(
        backup.name().value(),
        backup.startTime(),
        backup.finishTime(),
        backup.startLsn().toString(),
        backup.finishLsn().toString(),
        backup.timeline().id(),
        backup.uncompressedSize(),
        backup.compressedSize(),
        drills
            .apply(backup.name().value())
            .map(drill -> new StatusSnapshot.Proof(drill.at(), drill.passed(), drill.host())),
        pages.of(backup).map(CorruptPages::count));
  }

  private static Stream<StatusSnapshot.Window> windows(LineageCatalog archive) {
    return archive.windows().stream()
        .map(
            window ->
                new StatusSnapshot.Window(
                    window.start(),
                    window.end(),
                    window.oldestBackup().value(),
                    window.timeline().id()));
  }

  private static Stream<StatusSnapshot.Gap> gaps(LineageCatalog archive) {
    return archive.gaps().stream()
        .map(
            gap ->
                new StatusSnapshot.Gap(
                    gap.first().fileName(), gap.last().fileName(), gap.state().word()));
  }

  private StatusSnapshot.Configuration configurationNow() {
    ConfigWatch.State state = configState.get();
    return new StatusSnapshot.Configuration(
        state.loadedAt(), state.refused().map(Problem::message));
  }

  private StatusSnapshot.Archive archiveNow(PgBackupConfig config) {
    ArchiveStatus status = pushes.get();
    Optional<LagTracker.Lag> behind = lag.lag();
    return new StatusSnapshot.Archive(
        config.wal().enabled(),
        config.wal().socket().toString(),
        behind.map(now -> now.waiting().toMillis() / 1e3),
        behind.map(LagTracker.Lag::bytes),
        status.last().map(last -> last.name().text()),
        status.last().map(ArchiveStatus.Archived::at),
        status.archived(),
        status.failed(),
        status.refused(),
        discarded.getAsLong(),
        outage.get().map(Snapshots::outage),
        streamed.get().map(Snapshots::stream));
  }

  private static StatusSnapshot.Outage outage(Outage judged) {
    return new StatusSnapshot.Outage(
        judged.level().name().toLowerCase(Locale.ROOT),
        judged.since(),
        judged.free(),
        judged.untilFull().map(Duration::toSeconds));
  }

  private static StatusSnapshot.Stream stream(WalStreaming.State now) {
    return new StatusSnapshot.Stream(
        now.connected(),
        now.slot(),
        now.stored().map(Lsn::toString),
        now.storedAt(),
        now.pieces(),
        now.pieceBytes(),
        now.gaps());
  }

  private StatusSnapshot.Schedule scheduleNow(PgBackupConfig config) {
    return new StatusSnapshot.Schedule(
        config.backup().enabled(),
        config.backup().schedule().toString(),
        config.backup().timeZone().getId(),
        config.backupTiming().delay().toSeconds(),
        schedules.next(schedule));
  }

  private List<StatusSnapshot.StandingProblem> problemsNow() {
    Stream<StatusSnapshot.StandingProblem> standing =
        problems.all().stream()
            .map(
                one ->
                    new StatusSnapshot.StandingProblem(
                        one.about().name().toLowerCase(Locale.ROOT),
                        one.since(),
                        ProblemView.of(one.problem())));
    return Stream.concat(standing, lastPush().stream()).toList();
  }

  /// The newest push failed: PostgreSQL sends the same file again until it is stored, or let go.
  private Optional<StatusSnapshot.StandingProblem> lastPush() {
    ArchiveStatus status = pushes.get();
    return status
        .lastFailure()
        .filter(
            failure ->
                configuration.get().wal().enabled() || failure.problem() instanceof Problem.Refused)
        .filter(failure -> status.last().map(last -> last.at().isBefore(failure.at())).orElse(true))
        .map(
            failure ->
                new StatusSnapshot.StandingProblem(
                    "wal", failure.at(), ProblemView.of(failure.problem())));
  }
}
