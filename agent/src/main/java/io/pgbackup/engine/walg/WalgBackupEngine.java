package io.pgbackup.engine.walg;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import io.pgbackup.config.PgBackupConfig.PagePolicy;
import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.engine.BackupDeadlines;
import io.pgbackup.engine.BackupEngine;
import io.pgbackup.engine.BackupListener;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.TakenBackup.CorruptFile;
import io.pgbackup.engine.Throttle;
import io.pgbackup.engine.WalProof;
import io.pgbackup.engine.embedded.DataDirectoryCheck;
import io.pgbackup.engine.embedded.DeltaChoice;
import io.pgbackup.engine.embedded.EmbeddedBackupEngine.DeltaRules;
import io.pgbackup.engine.embedded.EncryptionProof;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.engine.walg.WalgRun.Patience;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.jdbc.PostgresClient;
import io.pgbackup.postgres.jdbc.ServerFacts;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;

/// Takes base backups with `wal-g backup-push`, and believes what the archive holds afterwards, not
/// what was printed.
///
/// WAL-G writes the sentinel itself, when `pg_backup_stop` has returned, so the backup stands in
/// the archive before its WAL is proved. It counts as taken only after the proof: until then, and
/// for good if the proof fails, the run is not completed, and no window begins at it. One that is
/// not whole, not encrypted or not ours is withdrawn.
///
/// Thread-safe, but one backup at a time is what a server and a lineage bear.
public final class WalgBackupEngine implements BackupEngine {
  private static final String QUERY_CANCELED = "57014";

  /// A tar begins with the name of its first member.
  private static final byte[] LABEL_TAR = "backup_label\0".getBytes(UTF_8);

  private static final Duration LONGEST = Duration.ofDays(7);

  private final Walg walg;
  private final ObjectStore store;
  private final ArchiveLayout layout;
  private final PostgresConfig postgres;
  private final Settings settings;
  private final InstantSource clock;
  private final EncryptionProof proof;

  /// How backups are taken.
  ///
  /// @param packing the codec; and the cipher that wal-g is to encrypt with, to see that it did
  /// @param threads files read at the same time; 0 leaves it to WAL-G
  /// @param deltas when a backup that may be a delta is one
  /// @param userData kept with each backup, where a request says nothing else
  /// @param throttle how fast the data directory may be read; wal-g keeps to what holds when it
  ///   begins
  /// @param pages whether a backup is withdrawn in which wal-g saw a corrupt one
  public record Settings(
      Packing packing,
      int threads,
      DeltaRules deltas,
      Optional<JsonNode> userData,
      BackupDeadlines deadlines,
      Throttle throttle,
      PagePolicy pages) {
    /// As fast as it goes.
    public Settings(
        Packing packing,
        int threads,
        DeltaRules deltas,
        Optional<JsonNode> userData,
        BackupDeadlines deadlines) {
      this(packing, threads, deltas, userData, deadlines, Throttle.NONE, PagePolicy.RECORD);
    }
  }

  WalgBackupEngine(
      Walg walg,
      ObjectStore store,
      ArchiveLayout layout,
      PostgresConfig postgres,
      Settings settings,
      InstantSource clock) {
    this.walg = walg;
    this.store = store;
    this.layout = layout;
    this.postgres = postgres;
    this.settings = settings;
    this.clock = clock;
    this.proof = new EncryptionProof(store, settings.packing());
  }

  @Override
  public TakenBackup push(BackupRequest request, BackupListener listener) {
    proof.requireNoFailure();
    try (PostgresClient client = PostgresClient.connect(postgres)) {
      ServerFacts facts = client.facts();
      Path dataDirectory = DataDirectoryCheck.requireOf(facts, postgres.dataDirectory());
      StandingBackups before = StandingBackups.list(store, layout);
      Optional<BackupName> parent =
          DeltaChoice.in(store, layout, settings.packing().cipher(), settings.deltas())
              .parent(request, facts, dataDirectory);
      PushProgress progress = new PushProgress(store, layout, before, listener, clock);
      run(
          client,
          dataDirectory,
          PushOptions.of(request, parent, facts.dataChecksums(), settings),
          before,
          progress);
      PushedBackup pushed = new PushedBackup(store, layout, onlyNew(before));
      TakenBackup taken = proved(pushed, before, facts, parent);
      if (request.kind() == BackupRequest.Kind.DELTA && !taken.name().isDelta()) {
        throw noDelta(taken.name(), parent);
      }
      progress.named(pushed.name());
      awaitWal(client, facts, taken, listener);
      listener.beforeSentinel();
      return taken;
    } catch (IOException e) {
      throw Problem.storageUnavailable(
              "the base backup broke off: " + e, "Start it again; nothing of it counts.")
          .causedBy(e);
    }
  }

  private void run(
      PostgresClient client,
      Path dataDirectory,
      PushOptions options,
      StandingBackups before,
      PushProgress progress) {
    try {
      walg.push(layout, dataDirectory, options, settings, patience(), progress);
    } catch (PgBackupException e) {
      new Leftovers(store, layout).discard(before, e);
      throw explained(e, client);
    } catch (Throwable e) {
      new Leftovers(store, layout).discard(before, e);
      throw e;
    }
  }

  /// A checkpoint at the start and the archiving of WAL at the end look like silence from outside.
  private Patience patience() {
    BackupDeadlines deadlines = settings.deadlines();
    return new Patience(deadlines.checkpoint().plus(deadlines.wal()), LONGEST);
  }

  private BackupName onlyNew(StandingBackups before) {
    Set<BackupName> fresh = StandingBackups.list(store, layout).newSince(before);
    if (fresh.size() == 1) {
      return fresh.iterator().next();
    }
    throw fresh.isEmpty() ? noSentinel() : several(fresh);
  }

  /// Its sentinel stands, whatever comes out here.
  private TakenBackup proved(
      PushedBackup pushed, StandingBackups before, ServerFacts facts, Optional<BackupName> parent)
      throws IOException {
    try {
      if (before.folders().contains(pushed.name())) {
        throw mixed(pushed.name());
      }
      TakenBackup taken = pushed.read(facts, parent);
      CorruptFile.judge(taken.corruptFiles(), settings.pages());
      proof.again();
      proof.require(pushed.label(), LABEL_TAR);
      return taken;
    } catch (PgBackupException e) {
      if (e.problem() instanceof Problem.VerificationFailed
          || e.problem() instanceof Problem.Refused) {
        throw new Withdrawal(store, layout, clock).of(pushed.name(), e);
      }
      throw e;
    }
  }

  private static PgBackupException noDelta(BackupName name, Optional<BackupName> parent) {
    return Problem.verificationFailed(
            "a delta on %s was asked for, and wal-g took the full %s"
                .formatted(parent.map(BackupName::value).orElse("nothing"), name),
            "It is whole and stays. Look at wal-g's log for the reason.")
        .asException();
  }

  private static PgBackupException noSentinel() {
    return Problem.verificationFailed(
            "wal-g backup-push reported success, and the archive holds no new base backup",
            "Nothing was taken. Check that engine.walgBinary is wal-g itself, and whether something"
                + " deletes in the archive.")
        .asException();
  }

  private static PgBackupException several(Set<BackupName> fresh) {
    return Problem.refused(
            "while wal-g took a base backup, others appeared: " + fresh,
            "Find out which other program backs up into this lineage.")
        .asException();
  }

  private static PgBackupException mixed(BackupName name) {
    return Problem.verificationFailed(
            name + " was written over what an earlier attempt of the same name had left",
            "Take another base backup.")
        .asException();
  }

  /// The last byte that recovery needs lies before the stop position.
  private void awaitWal(
      PostgresClient client, ServerFacts facts, TakenBackup taken, BackupListener listener) {
    var timeline = taken.name().timeline();
    WalSegment first = WalSegment.containing(timeline, taken.startLsn(), facts.segmentSize());
    WalSegment last =
        WalSegment.containing(timeline, taken.finishLsn().plus(-1), facts.segmentSize());
    listener.awaitingWal(first, last);
    new WalProof(store, layout, clock)
        .await(
            WalProof.range(first, last),
            settings.deadlines().wal(),
            () -> client.archiverStats().words());
    if (Thread.currentThread().isInterrupted()) {
      // not every store refuses to answer such a thread
      throw Problem.timedOut(
              "interrupted before %s was proved".formatted(taken.name()), "Start it again.")
          .asException();
    }
  }

  /// `pg_backup_stop` waits for the server's archiver, until we end that.
  private PgBackupException explained(PgBackupException e, PostgresClient client) {
    String message = e.problem().message();
    if (!message.contains("StopBackup") || !message.contains(QUERY_CANCELED)) {
      return e;
    }
    return Problem.timedOut(
            "the WAL of the base backup did not reach the store within %d s; %s"
                .formatted(settings.deadlines().wal().toSeconds(), client.archiverStats().words()),
            "Look at archive_command and the server's log for the reason that it is not archived,"
                + " and at the agent's.")
        .causedBy(e);
  }
}
