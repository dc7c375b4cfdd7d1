package io.pgbackup.engine.embedded;

import com.fasterxml.jackson.databind.JsonNode;
import io.pgbackup.config.PgBackupConfig.PagePolicy;
import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.engine.BackupDeadlines;
import io.pgbackup.engine.BackupEngine;
import io.pgbackup.engine.BackupListener;
import io.pgbackup.engine.BackupMarks;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.MemoryLimit;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.TakenBackup.CorruptFile;
import io.pgbackup.engine.Throttle;
import io.pgbackup.engine.WalProof;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.engine.format.Sentinel;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.jdbc.PostgresClient;
import io.pgbackup.postgres.jdbc.ServerFacts;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;

/// Takes base backups, full and delta, in this process, in WAL-G's format: reads the data directory
/// of a running server on several threads, checks its pages, packs it into compressed tar objects,
/// and writes the sentinel when everything else, WAL included, stands in the store.
///
/// Memory is bounded by the number of threads: each holds one compressor and what the store buffers
/// for one upload; a delta also holds the list of its parent's files, some 300 bytes for each.
/// Thread-safe, but one backup at a time is what a server and a lineage bear.
public final class EmbeddedBackupEngine implements BackupEngine {
  private final ObjectStore store;

  /// The same, for what hours of reading would be lost with.
  private final ObjectStore patient;

  private final ArchiveLayout layout;
  private final PostgresConfig postgres;
  private final Settings settings;
  private final InstantSource clock;

  /// How backups are taken.
  ///
  /// @param threads 0: one for each core, and for each 64 MiB that the heap may take
  /// @param hostname for the sentinel; a person reads it there
  /// @param partSize bytes of content after which a part is finished, before compression
  /// @param deltas when a backup that may be a delta is one
  /// @param userData to be kept with each backup that is not given other
  /// @param throttle how fast the data directory may be read
  /// @param pages what becomes of a backup that meets a corrupt one
  public record Settings(
      Packing packing,
      int threads,
      String hostname,
      long partSize,
      BackupDeadlines deadlines,
      DeltaRules deltas,
      Optional<JsonNode> userData,
      Throttle throttle,
      PagePolicy pages) {
    private static final long DEFAULT_PART_SIZE = 1L << 30;
    private static final long HEAP_FOR_EACH_THREAD = 64L << 20;

    public Settings(Packing packing, int threads, String hostname) {
      this(
          packing,
          threads,
          hostname,
          DEFAULT_PART_SIZE,
          BackupDeadlines.DEFAULT,
          DeltaRules.NEVER,
          Optional.empty(),
          Throttle.NONE,
          PagePolicy.RECORD);
    }

    public Settings(Codec codec, int threads, String hostname) {
      this(Packing.plain(codec), threads, hostname);
    }

    public Settings(
        Codec codec, int threads, String hostname, long partSize, BackupDeadlines deadlines) {
      this(Packing.plain(codec), threads, hostname, partSize, deadlines);
    }

    public Settings(
        Packing packing, int threads, String hostname, long partSize, BackupDeadlines deadlines) {
      this(
          packing,
          threads,
          hostname,
          partSize,
          deadlines,
          DeltaRules.NEVER,
          Optional.empty(),
          Throttle.NONE,
          PagePolicy.RECORD);
    }

    public Settings with(DeltaRules rules, Optional<JsonNode> data) {
      return new Settings(
          packing, threads, hostname, partSize, deadlines, rules, data, throttle, pages);
    }

    public Settings with(Throttle other) {
      return new Settings(
          packing, threads, hostname, partSize, deadlines, deltas, userData, other, pages);
    }

    public Settings with(PagePolicy other) {
      return new Settings(
          packing, threads, hostname, partSize, deadlines, deltas, userData, throttle, other);
    }

    int packingThreads() {
      long bearable = Math.max(1, MemoryLimit.heap() / HEAP_FOR_EACH_THREAD);
      return threads > 0
          ? threads
          : (int) Math.min(Runtime.getRuntime().availableProcessors(), bearable);
    }
  }

  /// WAL-G's rules for deltas.
  ///
  /// @param maxSteps deltas in a row; 0 for full backups always
  public record DeltaRules(int maxSteps, Origin origin) {
    public static final DeltaRules NEVER = new DeltaRules(0, Origin.LATEST);

    /// What a delta stands on.
    public enum Origin {
      /// The backup before it.
      LATEST,
      /// The full backup that the one before it stands on: deltas grow, and a restore reads two
      /// backups at most.
      LATEST_FULL
    }
  }

  /// @param postgres the server, and its data directory as this process sees it
  public EmbeddedBackupEngine(
      ObjectStore store,
      ArchiveLayout layout,
      PostgresConfig postgres,
      Settings settings,
      InstantSource clock) {
    this.store = store;
    this.patient = store.patient(settings.deadlines().store());
    this.layout = layout;
    this.postgres = postgres;
    this.settings = settings;
    this.clock = clock;
  }

  @Override
  public TakenBackup push(BackupRequest request, BackupListener listener) {
    try (PostgresClient client = PostgresClient.connect(postgres)) {
      ServerFacts facts = client.facts();
      Path dataDirectory = DataDirectoryCheck.requireOf(facts, postgres.dataDirectory());
      OpenBackup backup =
          OpenBackup.begin(
              client,
              facts,
              patient,
              layout,
              base(request, facts, dataDirectory),
              settings.deadlines().checkpoint());
      return push(client, dataDirectory, backup, request, listener);
    } catch (IOException e) {
      throw Problem.storageUnavailable(
              "the base backup broke off: " + e, "Start it again; nothing of it counts.")
          .causedBy(e);
    }
  }

  private Optional<DeltaBase> base(BackupRequest request, ServerFacts facts, Path dataDirectory) {
    return DeltaChoice.in(patient, layout, settings.packing().cipher(), settings.deltas())
        .on(settings.hostname())
        .choose(request, facts, dataDirectory);
  }

  private TakenBackup push(
      PostgresClient client,
      Path dataDirectory,
      OpenBackup backup,
      BackupRequest request,
      BackupListener listener)
      throws IOException {
    BackupSeal seal = new BackupSeal(store, layout, backup.name(), settings.deadlines().store());
    try {
      listener.started(backup.name());
      BackupParts parts =
          new BackupParts(patient, layout.tarPartitions(backup.name()), settings.packing());
      PushedContent content =
          new ContentPush(client, dataDirectory, backup, parts, settings).push(seal, listener);
      CorruptFile.judge(content.corruptFiles(), settings.pages());
      awaitWal(client, backup, content, listener);
      Sentinel sentinel = BackupSeal.sentinel(backup, content, request, settings);
      if (request.permanent()) {
        backup.base().ifPresent(this::markAncestors);
      }
      seal.writeMetadata(sentinel);
      seal.writeSentinel(sentinel, listener::beforeSentinel);
      return taken(backup, content);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      PgBackupException interrupted =
          Problem.timedOut("the base backup was interrupted", "Start it again.").causedBy(e);
      seal.discard(interrupted);
      throw interrupted;
    } catch (Throwable e) {
      seal.discard(e);
      throw e;
    }
  }

  /// A permanent delta is worth nothing without them.
  private void markAncestors(DeltaBase base) {
    var _ = new BackupMarks(patient, layout).markPermanent(base.origin().parent());
  }

  /// The last byte that recovery needs lies before the stop position.
  private void awaitWal(
      PostgresClient client, OpenBackup backup, PushedContent content, BackupListener listener) {
    WalSegment first = backup.firstSegment();
    WalSegment last =
        WalSegment.containing(first.timeline(), content.stop().lsn().plus(-1), first.size());
    listener.awaitingWal(first, last);
    new WalProof(patient, layout, clock)
        .await(
            WalProof.range(first, last),
            settings.deadlines().wal(),
            () ->
                backup.facts().inRecovery()
                    ? "the server is a standby, and its primary archives"
                    : client.archiverStats().words());
  }

  private static TakenBackup taken(OpenBackup backup, PushedContent content) {
    return new TakenBackup(
        backup.name(),
        backup.start().lsn(),
        content.stop().lsn(),
        backup.start().at(),
        content.stop().at(),
        content.files(),
        content.content(),
        content.stored(),
        content.corruptFiles());
  }
}
