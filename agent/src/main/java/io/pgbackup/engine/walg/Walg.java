package io.pgbackup.engine.walg;

import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.credentials.CredentialEndpoint;
import io.pgbackup.credentials.StoreCredentials;
import io.pgbackup.engine.BackupEngine;
import io.pgbackup.engine.BackupFetcher;
import io.pgbackup.engine.WalEngine;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.engine.walg.WalgRun.Patience;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/// One wal-g binary, checked, with all that its runs need. Closing it takes away what they need, so
/// close what runs first. Thread-safe.
public final class Walg implements AutoCloseable {
  /// wal-g retries each object for minutes by itself.
  private static final Patience LISTING = Patience.of(Duration.ofMinutes(30));

  private static final Patience FETCH = new Patience(Duration.ofMinutes(30), Duration.ofDays(7));

  /// Where the settings lead to no server, WAL-G says this and backs up whatever answers there.
  private static final String OTHER_SERVER = "trying localhost:5432";

  private static final Duration STARTUP = Duration.ofSeconds(20);

  private final AtomicInteger lanes = new AtomicInteger();
  private final WalgBinary binary;
  private final Scratch scratch;
  private final Optional<CredentialEndpoint> credentials;
  private final WalgEnvironment environment;
  private final Optional<StoreCredentials> storeCredentials;
  private final Children children = new Children();

  private Walg(
      WalgBinary binary,
      Scratch scratch,
      Optional<CredentialEndpoint> credentials,
      WalgEnvironment environment,
      Optional<StoreCredentials> storeCredentials) {
    this.binary = binary;
    this.scratch = scratch;
    this.credentials = credentials;
    this.environment = environment;
    this.storeCredentials = storeCredentials;
  }

  /// Checks the binary and opens what its runs need.
  ///
  /// @throws PgBackupException `Misconfigured` if it is no wal-g that we can drive
  public static Walg open(PgBackupConfig config, Path binary) {
    return open(config, binary, StoreCredentials.of(config.storage()));
  }

  /// @param storeCredentials for a store in S3, instead of what the configuration says
  public static Walg open(PgBackupConfig config, Path binary, StoreCredentials storeCredentials) {
    return open(
        config,
        binary,
        storeCredentials,
        Path.of(System.getProperty("java.io.tmpdir")),
        Clock.systemUTC());
  }

  static Walg open(PgBackupConfig config, Path binary, Path temporary, InstantSource clock) {
    return open(config, binary, StoreCredentials.of(config.storage()), temporary, clock);
  }

  private static Walg open(
      PgBackupConfig config,
      Path binary,
      StoreCredentials storeCredentials,
      Path temporary,
      InstantSource clock) {
    Scratch scratch = Scratch.in(temporary);
    try {
      WalgBinary checked = WalgBinary.ask(binary, scratch.directory());
      Optional<CredentialEndpoint> credentials =
          "s3".equals(config.storage().url().getScheme())
              ? Optional.of(CredentialEndpoint.open(storeCredentials, clock))
              : Optional.empty();
      return new Walg(
          checked,
          scratch,
          credentials,
          new WalgEnvironment(
              config.storage(),
              config.postgres(),
              EncryptionSettings.of(config.encryption()),
              scratch,
              credentials),
          credentials.map(_ -> storeCredentials));
    } catch (RuntimeException e) {
      scratch.close();
      throw e;
    }
  }

  /// As the program says it, such as `v3.0.9`.
  public String version() {
    return binary.version();
  }

  /// What its processes needed so far.
  public Children children() {
    return children;
  }

  Scratch scratch() {
    return scratch;
  }

  WalgEnvironment environment() {
    return environment;
  }

  /// `backup-push` of a data directory.
  void push(
      ArchiveLayout layout,
      Path dataDirectory,
      PushOptions options,
      WalgBackupEngine.Settings settings,
      Patience patience,
      Consumer<WalgProcess> look) {
    Map<String, String> variables =
        new LinkedHashMap<>(environment.writing(layout, settings.packing().codec()));
    variables.putAll(environment.connecting());
    variables.putAll(options.variables());
    variables.put("PGDATA", dataDirectory.toString());
    variables.put("WALG_STOP_BACKUP_TIMEOUT", settings.deadlines().wal().toSeconds() + "s");
    if (settings.threads() > 0) {
      variables.put("WALG_UPLOAD_DISK_CONCURRENCY", Integer.toString(settings.threads()));
    }
    if (settings.throttle().bytesPerSecond() > 0) {
      variables.put("WALG_DISK_RATE_LIMIT", Long.toString(settings.throttle().bytesPerSecond()));
    }
    List<String> arguments = new ArrayList<>(List.of("backup-push", dataDirectory.toString()));
    arguments.addAll(options.flags());
    WalgRun.Ended ended =
        WalgRun.run(
            command(arguments, variables),
            patience,
            children,
            process -> {
              refuseOtherServer(process.tail());
              look.accept(process);
            });
    refuseOtherServer(ended.exit().tail());
    if (!ended.exit().succeeded()) {
      PgBackupException failure = ended.exit().failure("wal-g backup-push");
      throw WalgExit.explained(failure.problem(), storeCredentials).causedBy(failure);
    }
  }

  private static void refuseOtherServer(LogTail tail) {
    if (tail.lines().stream().anyMatch(line -> line.contains(OTHER_SERVER))) {
      throw Problem.postgresFailed(
              "wal-g could not connect to the server, and tried another one, localhost:5432",
              "It was stopped. Check the section postgres: wal-g connects with the same settings.")
          .asException();
    }
  }

  /// The base backups of one server, into one archive.
  public BackupEngine backups(
      ObjectStore store,
      ArchiveLayout layout,
      PostgresConfig postgres,
      WalgBackupEngine.Settings settings,
      InstantSource clock) {
    return new WalgBackupEngine(this, store, layout, postgres, settings, clock);
  }

  /// The WAL of one archive. Its daemons run from the first request until it is closed.
  ///
  /// @param packing how it is to pack; that it encrypts is looked at, not believed
  /// @param reader reads what stands in the archive already, to compare it
  public WalgWalEngine wal(
      ObjectStore store,
      ArchiveLayout layout,
      Packing packing,
      WalEngine reader,
      InstantSource clock) {
    int number = lanes.incrementAndGet();
    Map<String, String> writing = new LinkedHashMap<>(environment.writing(layout, packing.codec()));
    // it would look for other files to push along, in a folder that has none
    writing.put("WALG_UPLOAD_CONCURRENCY", "1");
    writing.put("WALG_DAEMON_WAL_UPLOAD_TIMEOUT", "40s");
    writing.putAll(environment.creatingOnly());
    Map<String, String> reading = new LinkedHashMap<>(environment.reading(layout));
    // it would leave a process behind that fetches what follows
    reading.put("WALG_DOWNLOAD_CONCURRENCY", "1");
    return new WalgWalEngine(
        store,
        layout,
        packing,
        reader,
        lane("push", number, writing, clock),
        lane("fetch", number, reading, clock),
        WalgWalEngine.Deadlines.DEFAULT);
  }

  private WalgWalEngine.Lane lane(
      String purpose, int number, Map<String, String> settings, InstantSource clock) {
    Path data = scratch.folder(purpose + number);
    Path pgWal = scratch.folder(purpose + number + "/pg_wal");
    scratch.folder(purpose + number + "/pg_wal/archive_status");
    Path socket = scratch.directory().resolve(purpose + number + ".sock");
    Map<String, String> variables = new LinkedHashMap<>(settings);
    variables.put("PGDATA", data.toString());
    return new WalgWalEngine.Lane(
        new WalgDaemon(
            purpose,
            command(List.of("daemon", socket.toString()), variables),
            socket,
            STARTUP,
            children,
            storeCredentials,
            clock),
        pgWal);
  }

  /// Fetches base backups from one archive.
  ///
  /// @param embedded brings back what WAL-G cannot
  public BackupFetcher fetcher(ObjectStore store, ArchiveLayout layout, BackupFetcher embedded) {
    return new WalgBackupFetcher(this, store, layout, embedded);
  }

  /// `backup-fetch` into an empty directory.
  void fetch(
      ArchiveLayout layout,
      BackupName name,
      Path directory,
      Optional<Path> restoreSpec,
      Consumer<WalgProcess> look) {
    List<String> arguments =
        new ArrayList<>(List.of("backup-fetch", directory.toString(), name.value()));
    restoreSpec.ifPresent(file -> arguments.addAll(List.of("--restore-spec", file.toString())));
    Map<String, String> variables = new LinkedHashMap<>(environment.reading(layout));
    variables.put("WALG_DOWNLOAD_FILE_RETRIES", "3");
    WalgRun.succeed(command(arguments, variables), FETCH, children, look);
  }

  /// What WAL-G does with one archive beside filling it.
  public WalgArchive archive(ObjectStore store, ArchiveLayout layout) {
    return new WalgArchive(this, store, layout);
  }

  /// `wal-verify` of both checks.
  ///
  /// @return what it printed
  List<String> verify(ArchiveLayout layout) {
    Map<String, String> variables = new LinkedHashMap<>(environment.reading(layout));
    variables.putAll(environment.connecting());
    return WalgRun.succeed(
        command(List.of("wal-verify", "integrity", "timeline", "--json"), variables),
        LISTING,
        children,
        _ -> {});
  }

  /// `delete target`, not believed.
  void delete(ArchiveLayout layout, BackupName name) {
    environment.requireBatchDelete();
    var _ =
        WalgRun.succeed(
            command(
                List.of("delete", "target", name.value(), "--confirm"),
                environment.reading(layout)),
            LISTING,
            children,
            _ -> {});
  }

  WalgProcess.Command command(List<String> arguments, Map<String, String> variables) {
    List<String> program = new ArrayList<>(List.of(binary.path().toString()));
    program.addAll(arguments);
    return new WalgProcess.Command(
        program, variables, scratch.directory(), environment.redaction());
  }

  @Override
  public void close() {
    credentials.ifPresent(CredentialEndpoint::close);
    scratch.close();
  }
}
