package io.pgbackup.engine.embedded;

import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.TakenBackup.CorruptFile;
import io.pgbackup.engine.embedded.EmbeddedBackupEngine.Settings;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupMetadata;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Sentinel;
import io.pgbackup.problem.NextAttempt;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.ObjectUpload;
import io.pgbackup.store.StoredObject;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes the documents of one backup, the sentinel last; or removes what there is of it.
final class BackupSeal {
  private static final Logger LOG = LoggerFactory.getLogger(BackupSeal.class);

  private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  private final ObjectStore store;
  private final ObjectStore patient;
  private final ArchiveLayout layout;
  private final BackupName name;
  private final Duration patience;
  private boolean sentinelTried;

  /// @param patience how long a document is tried where the store does not answer
  BackupSeal(ObjectStore store, ArchiveLayout layout, BackupName name, Duration patience) {
    this.store = store;
    this.patient = store.patient(patience);
    this.layout = layout;
    this.name = name;
    this.patience = patience;
  }

  void writeManifest(byte[] manifest) {
    create(layout.manifest(name), manifest);
  }

  void writeMetadata(Sentinel sentinel) {
    create(layout.metadata(name), BackupMetadata.of(sentinel).toJson());
  }

  /// As a stream: a large cluster's list has hundreds of megabytes.
  void writeFilesMetadata(PackedFiles packed) throws IOException {
    ObjectKey key = layout.filesMetadata(name);
    try (ObjectUpload upload = patient.upload(key, Map.of())) {
      packed.writeFilesMetadata(upload.stream());
      requireCreated(key, upload.complete());
    }
  }

  /// After this the backup exists.
  ///
  /// @param fence asked before each attempt; throws where somebody else may work by now
  void writeSentinel(Sentinel sentinel, Runnable fence) {
    byte[] bytes = sentinel.toJson();
    long since = System.nanoTime();
    for (Duration pause = FIRST_PAUSE; ; pause = longer(pause)) {
      try {
        fence.run();
        create(bytes);
        return;
      } catch (PgBackupException e) {
        if (!e.problem().retryMayHelp() || System.nanoTime() - since >= patience.toNanos()) {
          throw e;
        }
        if (pause.equals(FIRST_PAUSE)) {
          LOG.atWarn()
              .addKeyValue("backup", name)
              .addKeyValue("problem", e.problem().message())
              .log("waiting for the store to write the sentinel");
        }
        NextAttempt.after(pause, e);
      }
    }
  }

  private void create(byte[] sentinel) {
    ObjectKey key = layout.sentinel(name);
    boolean again = sentinelTried;
    sentinelTried = true;
    CreateOutcome outcome = store.create(key, sentinel, Map.of());
    // an attempt before may have been done although the store said that it was not
    boolean ours =
        again
            && outcome instanceof CreateOutcome.AlreadyThere
            && Arrays.equals(read(key), sentinel);
    if (!ours) {
      requireCreated(key, outcome);
    }
  }

  private byte[] read(ObjectKey key) {
    try (InputStream in = store.open(key)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw Problem.readingBrokeOff(key, e);
    }
  }

  private static Duration longer(Duration pause) {
    Duration next = pause.multipliedBy(2);
    return next.compareTo(LONGEST_PAUSE) < 0 ? next : LONGEST_PAUSE;
  }

  static Sentinel sentinel(
      OpenBackup backup, PushedContent content, BackupRequest request, Settings settings) {
    return new Sentinel(
        Optional.of(backup.start().lsn()),
        backup.base().map(DeltaBase::origin),
        Optional.of(backup.facts().version()),
        Optional.of(content.stop().lsn()),
        Optional.of(backup.facts().systemIdentifier()),
        content.content(),
        content.stored(),
        0,
        content.tablespaces(),
        request.userData().or(settings::userData),
        false,
        Optional.of(backup.start().at()),
        Optional.of(content.stop().at()),
        settings.hostname(),
        backup.facts().dataDirectory().toString(),
        request.permanent(),
        settings.packing().cipher().fingerprint(),
        Optional.of(CorruptFile.pages(content.corruptFiles()))
            .filter(_ -> backup.facts().dataChecksums()));
  }

  private void create(ObjectKey key, byte[] bytes) {
    requireCreated(key, patient.create(key, bytes, Map.of()));
  }

  private static void requireCreated(ObjectKey key, CreateOutcome outcome) {
    if (outcome instanceof CreateOutcome.AlreadyThere) {
      throw Problem.refused(
              "somebody else wrote " + key + " while this backup was under way",
              "Find out which other agent backs up into this lineage.")
          .asException();
    }
  }

  /// Removes what a failed backup left, where this process may; otherwise says what is left. Once
  /// the sentinel was tried nothing is removed: it may stand although its answer was lost.
  ///
  /// @param reason gets what goes wrong here as well
  void discard(Throwable reason) {
    if (sentinelTried) {
      LOG.atWarn()
          .addKeyValue("backup", name)
          .log("the sentinel's fate is unknown; its parts are kept");
      return;
    }
    // no store answers a thread that is interrupted
    boolean interrupted = Thread.interrupted();
    try {
      List<ObjectKey> leftovers = leftovers();
      List<ObjectKey> kept = store.delete(leftovers);
      if (!kept.isEmpty()) {
        LOG.atWarn()
            .addKeyValue("backup", name)
            .addKeyValue("objects", kept.size())
            .log("leftovers of a failed base backup stay: no right to delete");
      }
    } catch (PgBackupException e) {
      reason.addSuppressed(e);
      LOG.atWarn()
          .addKeyValue("backup", name)
          .addKeyValue("problem", e.problem().message())
          .log("leftovers of a failed base backup stay");
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private List<ObjectKey> leftovers() {
    try (Stream<StoredObject> folder = store.list(layout.backup(name).path());
        Stream<StoredObject> manifest = store.list(layout.manifest(name).value())) {
      return Stream.concat(folder, manifest).map(StoredObject::key).toList();
    }
  }
}
