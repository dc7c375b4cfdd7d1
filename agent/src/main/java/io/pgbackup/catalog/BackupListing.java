package io.pgbackup.catalog;

import io.pgbackup.catalog.ArchiveSurvey.UnreadableBackup;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupMetadata;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Sentinel;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads the backups of an archive: each sentinel, and beside it `metadata.json`, which alone tells
/// whether a backup is permanent now. Thread-safe.
final class BackupListing {
  private static final Logger LOGGER = LoggerFactory.getLogger(BackupListing.class);

  /// A few kilobytes each.
  private static final int MOST_BACKUPS = 16_384;

  private static final int AT_ONCE = 16;

  private final ObjectStore store;
  private final VersionedCache<Sentinel> sentinels = new VersionedCache<>(MOST_BACKUPS);
  private final VersionedCache<BackupMetadata> metadata = new VersionedCache<>(MOST_BACKUPS);

  BackupListing(ObjectStore store) {
    this.store = store;
  }

  /// Every object, and what the readable documents among them say; backups by their finish, oldest
  /// first.
  BackupSurvey survey(ArchiveLayout layout) {
    try (Stream<StoredObject> objects = list(layout)) {
      return survey(layout, objects.toList());
    }
  }

  /// The same of the documents alone: the parts of base backups are many, and an agent looks often.
  BackupSurvey described(ArchiveLayout layout) {
    BackupSurvey found;
    try (Stream<StoredObject> objects = list(layout)) {
      found = survey(layout, objects.filter(BackupListing::isDocument).toList());
    }
    found
        .withdrawn()
        .forEach(
            backup ->
                LOGGER
                    .atWarn()
                    .addKeyValue("backup", backup.name())
                    .log("backup left out: it was withdrawn because it failed a proof"));
    return found;
  }

  private BackupSurvey survey(ArchiveLayout layout, List<StoredObject> all) {
    Map<ObjectKey, StoredObject> documents = documents(all);
    readAhead(layout, all, documents);
    List<BaseBackup> backups = new ArrayList<>();
    List<BaseBackup> withdrawn = new ArrayList<>();
    List<UnreadableBackup> unreadable = new ArrayList<>();
    for (StoredObject object : all) {
      layout
          .backupOf(object.key())
          .ifPresent(
              name -> {
                try {
                  List<BaseBackup> kind =
                      documents.containsKey(layout.withdrawal(name)) ? withdrawn : backups;
                  backup(layout, name, object, documents)
                      .ifPresentOrElse(
                          kind::add,
                          () ->
                              unreadable.add(
                                  new UnreadableBackup(
                                      name, "its sentinel lacks positions, times or version")));
                } catch (PgBackupException e) {
                  if (!(e.problem() instanceof Problem.VerificationFailed)) {
                    throw e;
                  }
                  unreadable.add(new UnreadableBackup(name, e.problem().message()));
                }
              });
    }
    backups.sort(Comparator.comparing(BaseBackup::finishTime));
    withdrawn.sort(Comparator.comparing(BaseBackup::finishTime));
    return new BackupSurvey(backups, withdrawn, unreadable, all);
  }

  /// Several documents at once; one that cannot be read is met again when its turn comes.
  private void readAhead(
      ArchiveLayout layout, List<StoredObject> all, Map<ObjectKey, StoredObject> documents) {
    List<Runnable> reads = new ArrayList<>();
    for (StoredObject object : all) {
      layout
          .backupOf(object.key())
          .ifPresent(
              name -> {
                if (sentinels.find(object).isEmpty()) {
                  reads.add(() -> read(object, sentinels, Sentinel::read));
                }
                Optional.ofNullable(documents.get(layout.metadata(name)))
                    .filter(facts -> metadata.find(facts).isEmpty())
                    .ifPresent(
                        facts -> reads.add(() -> read(facts, metadata, BackupMetadata::read)));
              });
    }
    if (reads.size() < 2) {
      return;
    }
    AtomicBoolean failed = new AtomicBoolean();
    try (ExecutorService readers =
        Executors.newFixedThreadPool(
            Math.min(AT_ONCE, reads.size()), Thread.ofVirtual().name("catalogue-", 0).factory())) {
      for (Runnable read : reads) {
        readers.execute(
            () -> {
              try {
                if (!failed.get()) {
                  read.run();
                }
              } catch (PgBackupException e) {
                failed.compareAndSet(false, !(e.problem() instanceof Problem.VerificationFailed));
              }
            });
      }
    }
  }

  private Stream<StoredObject> list(ArchiveLayout layout) {
    return store.list(layout.baseBackups().path() + "base_");
  }

  private static boolean isDocument(StoredObject object) {
    return object.key().value().endsWith(".json");
  }

  private static Map<ObjectKey, StoredObject> documents(List<StoredObject> objects) {
    Map<ObjectKey, StoredObject> documents = new HashMap<>();
    objects.stream()
        .filter(BackupListing::isDocument)
        .forEach(object -> documents.put(object.key(), object));
    return documents;
  }

  private Optional<BaseBackup> backup(
      ArchiveLayout layout,
      BackupName name,
      StoredObject object,
      Map<ObjectKey, StoredObject> documents) {
    Sentinel sentinel = read(object, sentinels, Sentinel::read);
    BackupMetadata facts =
        Optional.ofNullable(documents.get(layout.metadata(name)))
            .map(found -> read(found, metadata, BackupMetadata::read))
            .orElseGet(() -> BackupMetadata.of(sentinel));
    return backup(name, sentinel, facts);
  }

  private static Optional<BaseBackup> backup(
      BackupName name, Sentinel sentinel, BackupMetadata metadata) {
    Lsn start = sentinel.startLsn().orElse(metadata.startLsn());
    Lsn finish = sentinel.finishLsn().orElse(metadata.finishLsn());
    var startTime = sentinel.startTime().or(metadata::startTime);
    var finishTime = sentinel.finishTime().or(metadata::finishTime);
    var version = sentinel.serverVersion().or(metadata::serverVersion);
    if (start.equals(Lsn.ZERO)
        || finish.equals(Lsn.ZERO)
        || startTime.isEmpty()
        || finishTime.isEmpty()
        || version.isEmpty()) {
      LOGGER
          .atWarn()
          .addKeyValue("backup", name)
          .log("backup left out: its sentinel lacks positions, times or version");
      return Optional.empty();
    }
    return Optional.of(
        new BaseBackup(
            name,
            start,
            finish,
            startTime.get(),
            finishTime.get(),
            version.get(),
            sentinel.systemIdentifier().or(metadata::systemIdentifier),
            sentinel.uncompressedSize(),
            sentinel.compressedSize(),
            metadata.permanent(),
            sentinel.delta(),
            metadata.userData(),
            sentinel.keyFingerprint(),
            sentinel.tablespaces(),
            sentinel.corruptPages()));
  }

  private <T> T read(
      StoredObject object, VersionedCache<T> cache, BiFunction<byte[], String, T> parser) {
    return cache
        .find(object)
        .orElseGet(
            () -> {
              T document = parser.apply(content(object), object.key().value());
              cache.put(object, document);
              return document;
            });
  }

  private byte[] content(StoredObject object) {
    try (InputStream in = store.open(object.key())) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw Problem.readingBrokeOff(object.key(), e);
    }
  }
}
