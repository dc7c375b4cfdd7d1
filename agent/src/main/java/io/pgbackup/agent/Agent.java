package io.pgbackup.agent;

import io.pgbackup.archive.ArchiveClient;
import io.pgbackup.archive.ArchiveSocket;
import io.pgbackup.archive.ArchiveStatus;
import io.pgbackup.archive.OutageGovernor;
import io.pgbackup.archive.Retry;
import io.pgbackup.archive.SocketLimits;
import io.pgbackup.archive.WalArchiver;
import io.pgbackup.archive.WalServer;
import io.pgbackup.config.ConfigFile;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.PgBackupConfig.RetentionRun;
import io.pgbackup.credentials.CredentialScope;
import io.pgbackup.credentials.StoreCredentials;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.drill.DrillHost;
import io.pgbackup.drill.DrillVerdict;
import io.pgbackup.drill.DrillVerdicts;
import io.pgbackup.encryption.Encryption;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.kubernetes.report.ClusterReport;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.lineage.ProtectedLineage;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.restore.Standby;
import io.pgbackup.schedule.Schedules;
import io.pgbackup.status.ApiToken;
import io.pgbackup.status.StatusServer;
import io.pgbackup.status.StatusSnapshot;
import io.pgbackup.status.StatusSources;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.open.Stores;
import io.pgbackup.stream.SlotName;
import io.pgbackup.stream.SlotRelease;
import io.pgbackup.stream.StreamArchive;
import io.pgbackup.stream.StreamListener;
import io.pgbackup.stream.StreamSession;
import io.pgbackup.telemetry.Exposition;
import io.pgbackup.telemetry.Meters;
import io.pgbackup.telemetry.ObservedStore;
import io.pgbackup.telemetry.Readings;
import io.pgbackup.telemetry.StoreHealth;
import io.pgbackup.telemetry.StoreTraffic;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The agent beside one PostgreSQL server, from configuration to running threads. It starts also
/// while server or store are down: the socket answers, and refuses, until the lineage is known.
///
/// The constructor, read from top to bottom, shows the system; [#start] sets it going.
public final class Agent implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Agent.class);

  private static final Logger LOGGER = LoggerFactory.getLogger(Agent.class);
  private static final String BACKUPS = "base backup";
  private static final String RETENTION = "retention";
  private static final String DRILLS = "drill";

  /// Shorter than the socket lets a request wait for its answer.
  private static final Retry PUSHES = new Retry(Duration.ofSeconds(40), Duration.ofMillis(250));

  private static final Retry FETCHES = new Retry(Duration.ofSeconds(80), Duration.ofMillis(250));
  private static final Duration PING = Duration.ofSeconds(5);
  private static final Duration LAST_WAL = Duration.ofSeconds(10);
  private static final Duration NEW_WINDOW = Duration.ofSeconds(60);

  /// What follows from the configuration, and changes with it.
  private record Wired(PgBackupConfig config, ObjectCipher cipher, Engines engines) {}

  private volatile Wired wired;
  private final Clock clock;
  private final CompletableFuture<Problem> fatal = new CompletableFuture<>();
  private final Closing closing = new Closing();
  private final CredentialWatch credential;
  private final StoreHealth health;
  private final StoreTraffic traffic = new StoreTraffic();
  private final ObjectStore store;
  private final CommandWatch command;
  private final ServerWatch server;
  private final LineageKeeper lineages;
  private final LetGoMarks letGo;
  private final DiscardedWal discarded;
  private final WalArchiver archiver;
  private final WalServer walServer;
  private final LastWal lastWal;
  private final RunBook runs = new RunBook();
  private final Backups backups;
  private final PageWatch pages;
  private final CatalogWatch catalog;
  private final WalStreaming streaming;
  private final WalLag lag;
  private final OutageWatch outage;
  private final Schedules schedules = new Schedules();
  private final Snapshots snapshots;
  private final Instant startedAt;
  private final Optional<ConfigWatch> configuration;
  private final StoreCredentials credentials;
  private final Optional<Periodic> watchConfiguration;
  private final Periodic watchServer;
  private final Periodic watchCredential;
  private final Periodic watchLineage;
  private final Periodic watchArchive;
  private final RetentionWatch retention;
  private final Periodic watchRetention;
  private final DrillWatch verdicts;
  private final Periodic watchVerdicts;
  private final Drills drills;
  private final Periodic watchDrills;
  private final Optional<ClusterReport> kubernetes;
  private volatile Optional<ArchiveSocket> archiveSocket = Optional.empty();
  private Optional<InetSocketAddress> address = Optional.empty();

  /// Wires everything; nothing runs yet. Changes of the file are taken while it runs.
  ///
  /// @throws PgBackupException `Misconfigured` if the store cannot be what the configuration says
  public Agent(ConfigFile.Loaded configuration, String version, Clock clock) {
    this(configuration, version, clock, Pace.DEFAULT);
  }

  Agent(ConfigFile.Loaded configuration, String version, Clock clock, Pace pace) {
    this(configuration.effective().config(), Optional.of(configuration), version, clock, pace);
  }

  /// With a configuration that stays as it is.
  ///
  /// @throws PgBackupException `Misconfigured` if the store cannot be what the configuration says
  public Agent(PgBackupConfig config, String version, Clock clock) {
    this(config, version, clock, Pace.DEFAULT);
  }

  Agent(PgBackupConfig config, String version, Clock clock, Pace pace) {
    this(config, Optional.empty(), version, clock, pace);
  }

  /// Learned now, rather than after a failover.
  private static void warnIfUnreadable(ObjectCipher cipher) {
    if (!cipher.readsWhatItWrites()) {
      LOG.atWarn()
          .addKeyValue("key", cipher.fingerprint().orElse(""))
          .log("no secret key to read the archive with: nothing is archived after a promotion");
    }
  }

  private Agent(
      PgBackupConfig config,
      Optional<ConfigFile.Loaded> loaded,
      String version,
      Clock clock,
      Pace pace) {
    this.clock = clock;
    this.startedAt = clock.instant();
    checkDrills(config);
    Problems problems = new Problems(clock);

    ObjectCipher cipher = Encryption.open(config.encryption());
    warnIfUnreadable(cipher);
    health = new StoreHealth(clock);
    credentials = StoreCredentials.of(config.storage(), scope(config), clock);
    boolean needsThem = "s3".equals(config.storage().url().getScheme());
    credential =
        new CredentialWatch(
            needsThem ? Optional.of(credentials) : Optional.empty(),
            problems,
            this::credentialRenewed);
    store = new ObservedStore(Stores.open(config.storage(), credentials, traffic), health, traffic);
    wired = new Wired(config, cipher, Engines.open(config, credentials, clock));
    command = new CommandWatch(config.wal().socket(), this::lastReceived);
    server =
        new ServerWatch(
            config.postgres(), this::storesWal, this::streamsWal, pace.server(), command, problems);
    lineages =
        new LineageKeeper(
            config.postgres().dataDirectory(),
            server::seen,
            LineageSession.resolver(config, store, clock),
            this::session,
            problems,
            fatal);
    letGo = new LetGoMarks(store, clock);
    discarded =
        new DiscardedWal(
            this::storesWal,
            this::backingUp,
            () -> lineages.current().map(session -> session.lineage().identity().uid()),
            letGo::begun);
    archiver = new WalArchiver(lineages::destination, discarded, PUSHES, clock);
    walServer = new WalServer(() -> lineages.destination().engine(), FETCHES, clock);
    lastWal = new LastWal(config.postgres(), this::streamsWal, store, clock);
    backups =
        new Backups(
            () -> wired.config(),
            lineages,
            server::seen,
            problems,
            runs,
            this::backupCompleted,
            clock);
    pages = new PageWatch(runs::lastTaken, problems);
    catalog =
        new CatalogWatch(
            lineages, server::seen, pace.archive(), problems, clock, this::archiveRead);
    streaming =
        new WalStreaming(
            () -> wired.config(),
            lineages,
            server::seen,
            this::stream,
            this::slotRelease,
            this::gapOpened,
            problems,
            clock);
    lag =
        new WalLag(
            server::seen, catalog::known, archiver::status, this::storesWal, streaming::state);
    outage =
        new OutageWatch(
            lag::lag,
            lag::concerned,
            () -> OutageWatch.freeBeside(config.postgres().dataDirectory()),
            this::archivingBecame,
            problems,
            clock);
    verdicts = new DrillWatch(lineages, store);
    drills =
        new Drills(
            new Drills.Surroundings(
                () -> wired.config(),
                backups::isSource,
                backups::busy,
                () -> outage.outage().map(OutageGovernor.Outage::level),
                () -> catalog.known().map(CatalogWatch.Known::catalog),
                verdicts::verdict,
                this::keep),
            new ArchiveTrial(store, () -> wired.cipher(), clock),
            problems,
            clock);
    configuration = loaded.map(now -> new ConfigWatch(now, this::take, problems, clock));
    snapshots =
        new Snapshots(
            () -> wired.config(),
            this::configState,
            version,
            store.url(),
            clock,
            lineages,
            server,
            () -> wired.engines().view(),
            catalog,
            lag,
            outage::outage,
            archiver::status,
            discarded::segments,
            streaming::state,
            health,
            credential::view,
            verdicts::of,
            this::drillsNow,
            pages,
            this::retentionNow,
            runs,
            schedules,
            BACKUPS,
            problems);
    watchConfiguration =
        configuration.map(watch -> new Periodic("watch-configuration", watch::look));
    watchServer = new Periodic("watch-server", this::lookAtServer);
    watchCredential = new Periodic("watch-credential", credential::look);
    watchLineage = new Periodic("watch-lineage", this::lookAtLineage);
    watchArchive = new Periodic("watch-archive", catalog::read);
    retention =
        new RetentionWatch(
            config,
            store,
            cipher,
            () -> lineages.current().map(LineageSession::lineage),
            () -> server.seen().map(ServerWatch.Seen::primary).orElse(false),
            () -> runs.running().isPresent(),
            problems,
            clock);
    watchRetention = new Periodic("watch-retention", retention::look);
    watchVerdicts = new Periodic("watch-verdicts", verdicts::look);
    watchDrills = new Periodic("watch-drills", drills::look);
    kubernetes =
        config.kubernetes().enabled()
            ? Optional.of(
                ClusterReport.of(
                    config.kubernetes(),
                    snapshots::now,
                    () -> lineages.current().map(session -> session.lineage().claim()),
                    clock))
            : Optional.empty();
  }

  /// A host that lacks what drills need is told so at once, and not when their schedule comes.
  private static void checkDrills(PgBackupConfig config) {
    if (config.drill().enabled()) {
      var _ = DrillHost.check(config);
    }
  }

  private void keep(DrillVerdict verdict) {
    LineageSession session = lineages.require();
    var _ = new DrillVerdicts(store).store(session.lineage().layout().prefix(), verdict);
    watchVerdicts.soon();
  }

  private StatusSnapshot.Drills drillsNow() {
    return DrillStatus.of(
        wired.config(), drills.view(), verdicts.verdict(), schedules.next(DRILLS));
  }

  private Optional<ArchiveStatus.Archived> lastReceived() {
    return archiver.status().last();
  }

  private StatusSnapshot.Retention retentionNow() {
    PgBackupConfig config = wired.config();
    boolean here = config.retention().run() == RetentionRun.AGENT;
    return new StatusSnapshot.Retention(
        new StatusSnapshot.Schedule(
            here,
            config.retention().schedule().toString(),
            config.backup().timeZone().getId(),
            config.retentionTiming().delay().toSeconds(),
            schedules.next(RETENTION).filter(_ -> here)),
        retention.overdueSince().filter(_ -> here),
        retention.view().flatMap(RetentionWatch.View::lastSuccess));
  }

  private boolean storesWal() {
    return wired.config().wal().enabled();
  }

  private void archivingBecame(OutageGovernor.Level level) {
    archiveSocket.ifPresent(door -> door.hurry(level != OutageGovernor.Level.NORMAL));
  }

  private boolean streamsWal() {
    return wired.config().wal().streams();
  }

  private StreamSession stream(LineageSession session, StreamListener listener) {
    Wired now = wired;
    ProtectedLineage lineage = session.lineage();
    return new StreamSession(
        now.config().postgres(),
        lineage.claim().systemIdentifier(),
        lineage.claim().segmentSize(),
        SlotName.of(lineage.identity().uid()),
        streamArchive(lineage, now),
        listener,
        now.config().wal().streamInterval());
  }

  private SlotRelease slotRelease(LineageSession session) {
    Wired now = wired;
    ProtectedLineage lineage = session.lineage();
    return new SlotRelease(
        now.config().postgres(),
        lineage.claim().segmentSize(),
        SlotName.of(lineage.identity().uid()),
        streamArchive(lineage, now));
  }

  private StreamArchive streamArchive(ProtectedLineage lineage, Wired now) {
    return new StreamArchive(
        store,
        lineage.layout(),
        lineage.identity().uid(),
        archiver,
        new Packing(now.config().wal().compression(), now.cipher()));
  }

  private void gapOpened() {
    backups.gapOpened();
    watchLineage.soon();
    watchArchive.soon();
  }

  private boolean backingUp() {
    return backups.busy();
  }

  private void archiveRead(CatalogWatch.Known now) {
    backups.consider(now);
    pages.look(Snapshots.newest(now.catalog()));
    lineages
        .current()
        .map(LineageSession::lineage)
        .filter(lineage -> lineage.identity().uid().equals(now.uid()))
        .ifPresent(lineage -> letGo.write(lineage.layout(), now.uid()));
  }

  private LineageSession session(ProtectedLineage lineage) {
    Wired now = wired;
    return LineageSession.of(lineage, now.config(), store, now.cipher(), now.engines(), clock);
  }

  private ConfigWatch.State configState() {
    return configuration
        .map(ConfigWatch::state)
        .orElseGet(() -> new ConfigWatch.State(startedAt, Optional.empty()));
  }

  /// Puts another configuration into force, on the configuration's own thread. Whatever can fail
  /// does so before anything has changed. Pushes and a base backup under way end as they began.
  private void take(PgBackupConfig next) {
    Wired before = wired;
    PgBackupConfig old = before.config();
    boolean sameKeys = next.encryption().equals(old.encryption());
    boolean sameEngines = sameKeys && next.engine().equals(old.engine());
    ObjectCipher cipher = sameKeys ? before.cipher() : Encryption.open(next.encryption());
    Engines engines = sameEngines ? before.engines() : Engines.open(next, credentials, clock);
    if (!sameKeys) {
      warnIfUnreadable(cipher);
    }
    if (!next.drill().equals(old.drill())) {
      checkDrills(next);
    }
    wired = new Wired(next, cipher, engines);
    retention.follow(next, cipher);
    scheduleRetention(old);
    scheduleBackups(old);
    scheduleDrills(old);
    boolean again = next.wal().enabled() && !old.wal().enabled();
    if (again
        || !sameEngines
        || !next.wal().compression().equals(old.wal().compression())
        || next.wal().streams() != old.wal().streams()
        || !next.backup().equals(old.backup())) {
      lineages.renew(again);
      watchLineage.soon();
    }
    if (!sameEngines) {
      backups.whenIdle(before.engines()::close);
    }
    watchServer.soon();
    watchArchive.soon();
    watchRetention.soon();
  }

  private void scheduleRetention(PgBackupConfig old) {
    PgBackupConfig now = wired.config();
    if (!now.retentionTiming().equals(old.retentionTiming())) {
      scheduleRetention();
    }
  }

  private void scheduleRetention() {
    PgBackupConfig now = wired.config();
    schedules.replace(
        RETENTION,
        now.retentionTiming(),
        clock.instant(),
        () -> {
          retention.scheduled();
          watchRetention.soon();
        });
  }

  private void scheduleBackups(PgBackupConfig old) {
    PgBackupConfig now = wired.config();
    if (now.backup().enabled() != old.backup().enabled()
        || !now.backupTiming().equals(old.backupTiming())) {
      scheduleBackups();
    }
  }

  private void scheduleBackups() {
    PgBackupConfig now = wired.config();
    if (now.backup().enabled()) {
      schedules.replace(BACKUPS, now.backupTiming(), clock.instant(), backups::scheduled);
    } else {
      schedules.remove(BACKUPS);
    }
  }

  private void scheduleDrills(PgBackupConfig old) {
    PgBackupConfig now = wired.config();
    if (now.drill().enabled() != old.drill().enabled()
        || !now.drillTiming().equals(old.drillTiming())) {
      scheduleDrills();
    }
  }

  private void scheduleDrills() {
    PgBackupConfig now = wired.config();
    if (now.drill().enabled()) {
      schedules.replace(
          DRILLS,
          now.drillTiming(),
          clock.instant(),
          () -> {
            drills.scheduled();
            watchDrills.soon();
          });
    } else {
      schedules.remove(DRILLS);
    }
  }

  /// Beside a server that follows an archive nothing is written there.
  private static CredentialScope scope(PgBackupConfig config) {
    StoreFolder folder = clusterFolder(config);
    return Standby.isIn(config.postgres().dataDirectory())
        ? CredentialScope.readerOf(folder, config.storage())
        : CredentialScope.archiverOf(folder, config.storage());
  }

  private static StoreFolder clusterFolder(PgBackupConfig config) {
    return new PrefixTemplate(config.storage().prefix())
        .clusterFolder(new ClusterId(config.cluster().namespace(), config.cluster().name()));
  }

  /// Opens the doors and starts the threads. Whatever fails here closes what was opened.
  ///
  /// @throws PgBackupException `Misconfigured` or `Refused` if socket or port cannot be had
  public void start() {
    PgBackupConfig config = wired.config();
    closing.add(store);
    closing.add(() -> wired.engines().close());
    closing.add(schedules);
    // closed after whatever it could tell of
    kubernetes.ifPresent(this::tell);
    closing.add(drills);
    try {
      StatusServer status =
          closing.add(
              StatusServer.open(
                  config.http().host(),
                  config.http().port(),
                  config.http().tokenFile().map(ApiToken::new),
                  statusSources()));
      address = Optional.of(status.address());
      archiveSocket =
          Optional.of(
              closing.add(
                  ArchiveSocket.open(
                      config.wal().socket(),
                      config.postgres().dataDirectory(),
                      archiver,
                      walServer,
                      SocketLimits.DEFAULT)));
      streaming.start();
      closing.add(streaming);
      closing.add(this::bringInTheRest);
      closing.add(backups::drain);
      closing.add(server);
      watch(watchServer);
      watch(watchCredential);
      watch(watchLineage);
      watch(watchArchive);
      watch(watchRetention);
      watch(watchVerdicts);
      watch(watchDrills);
      closing.add(drills::end);
      scheduleRetention();
      scheduleBackups();
      scheduleDrills();
      watchConfiguration.ifPresent(this::watch);
      LOGGER
          .atInfo()
          .addKeyValue("cluster", config.cluster().namespace() + "/" + config.cluster().name())
          .addKeyValue("store", store.url())
          .addKeyValue("http", status.address())
          .addKeyValue("socket", config.wal().socket())
          .addKeyValue("wal", config.wal().enabled() ? "stored" : "let go")
          .log("agent started");
    } catch (RuntimeException e) {
      closing.close(e);
      throw e;
    }
  }

  private void bringInTheRest() {
    if (storesWal()) {
      lineages.current().ifPresent(now -> lastWal.bringIn(now, LAST_WAL));
    }
  }

  private void tell(ClusterReport report) {
    closing.add(report);
    watch(new Periodic("tell-kubernetes", report::look));
  }

  private void watch(Periodic periodic) {
    periodic.start();
    closing.add(periodic);
  }

  private StatusSources statusSources() {
    Exposition exposition = new Exposition(this::readings);
    return new StatusSources(
        snapshots::now,
        snapshots::page,
        exposition::scrape,
        this::unready,
        backups,
        snapshots::backups);
  }

  private Readings readings() {
    Readings readings = MetricReadings.of(snapshots.now(), server.answered());
    readings.put(
        Meters.AGENT_START, "version", snapshots.version(), startedAt.toEpochMilli() / 1e3);
    readings.put(Meters.RETENTION_WINDOW, wired.config().retention().window().toMillis() / 1e3);
    readings.put(
        Meters.LINEAGE_CLAIMED,
        lineages.current().map(session -> session.lineage().claim().claimedAt()));
    command.ours().ifPresent(ours -> readings.put(Meters.WAL_COMMAND_OURS, ours ? 1 : 0));
    server.seen().ifPresent(seen -> MetricReadings.add(seen, readings));
    MetricReadings.add(runs.figures(), readings);
    MetricReadings.add(archiver.status(), readings);
    MetricReadings.add(health.counts(), readings);
    MetricReadings.add(traffic, readings);
    readings.put(Meters.WAL_PUSH_DURATION, "result", archiver.durations());
    readings.put(Meters.WAL_FETCH_DURATION, "result", walServer.durations());
    retention.view().ifPresent(view -> MetricReadings.add(view, readings));
    verdicts.verdict().ifPresent(verdict -> MetricReadings.add(verdict, readings));
    return readings;
  }

  private Optional<String> unready() {
    try {
      new ArchiveClient(wired.config().wal().socket(), PING).ping();
      return Optional.empty();
    } catch (PgBackupException e) {
      return Optional.of(e.problem().message());
    }
  }

  private Duration lookAtServer() {
    boolean answeredBefore = server.seen().isPresent();
    Duration pause = server.look();
    if (!answeredBefore && server.seen().isPresent()) {
      watchLineage.soon();
    }
    lag.update();
    outage.look();
    return pause;
  }

  private Duration lookAtLineage() {
    if (server.answered().isEmpty()) {
      return Duration.ofMillis(50);
    }
    Optional<LineageSession> before = lineages.current();
    Duration pause = lineages.check();
    if (!lineages.current().equals(before)) {
      watchArchive.soon();
    }
    backups.startIfOwed();
    backups.lookForMissed();
    return pause;
  }

  private void credentialRenewed() {
    backups.credentialRenewed();
  }

  /// Opens the recovery window of a backup: it needs a later commit in the archive, which an idle
  /// server would not have for a while.
  private void backupCompleted(LineageSession session) {
    lastWal.bringIn(session, NEW_WINDOW);
    watchArchive.soon();
  }

  /// Where `/metrics` and the rest are answered, once started.
  public Optional<InetSocketAddress> address() {
    return address;
  }

  /// Completed when the agent finds out that it must not run here, with the reason. It goes on
  /// refusing WAL until it is closed.
  public CompletableFuture<Problem> fatal() {
    return fatal.copy();
  }

  /// Drains: starts nothing more, ends the base backup under way, brings the last WAL into the
  /// archive, answers what was asked, then goes. Takes up to about a minute.
  @Override
  public void close() {
    try {
      closing.close();
    } catch (IllegalStateException e) {
      LOGGER.atError().setCause(e).log("agent stopped, not everything cleanly");
      return;
    }
    LOGGER.atInfo().log("agent stopped");
  }
}
