package io.pgbackup.engine.embedded;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.BackupFetcher;
import io.pgbackup.engine.FetchedBackup;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Unpacks full base backups in WAL-G's format: several parts at a time, then the control file,
/// then the label, as WAL-G does. Thread-safe.
///
/// Memory is bounded by the number of parts at a time (8 MiB each for lz4; more for a zstd window
/// that another tool made wide) and by the list of files, some 300 bytes each.
public final class EmbeddedBackupFetcher implements BackupFetcher {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedBackupFetcher.class);

  /// Without them no server starts, whatever else is there.
  private static final List<String> INDISPENSABLE =
      List.of("PG_VERSION", "global/pg_control", "backup_label");

  private final ObjectStore store;
  private final ObjectCipher cipher;
  private final BackupContentsReader contents;
  private final int parallelism;

  /// @param parallelism tars to unpack at the same time, at least 1
  public EmbeddedBackupFetcher(ObjectStore store, ArchiveLayout layout, int parallelism) {
    this(store, layout, ObjectCipher.NONE, parallelism);
  }

  /// @param cipher with the keys to read with
  public EmbeddedBackupFetcher(
      ObjectStore store, ArchiveLayout layout, ObjectCipher cipher, int parallelism) {
    if (parallelism < 1) {
      throw new IllegalArgumentException("at least one tar at a time, got " + parallelism);
    }
    this.store = store;
    this.cipher = cipher;
    this.contents = new BackupContentsReader(store, layout, cipher);
    this.parallelism = parallelism;
  }

  @Override
  public FetchedBackup fetch(
      BackupName name, Path directory, Consumer<Path> owner, LongConsumer progress) {
    BackupContents backup = contents.read(name);
    RestoredTree tree = RestoredTree.in(directory);
    var arrived = new ArrivedFiles(name, backup.manifest());
    var extraction = new PartExtraction(store, cipher, backup.files(), tree, arrived, progress);
    try (var workers = new PartWorkers(extraction, parallelism)) {
      workers.extractAll(backup.parts());
      for (StoredObject tar : backup.last()) {
        workers.extractAll(List.of(tar));
      }
    }
    arrived.requireAll();
    requireIndispensable(name, tree);
    tree.finish(owner);
    var fetched =
        new FetchedBackup(
            name,
            arrived.count(),
            arrived.bytes(),
            arrived.compares(),
            arrived.allLeftOut(),
            arrived.missing(backup.files()));
    log(fetched);
    return fetched;
  }

  private static void log(FetchedBackup fetched) {
    LOG.atInfo()
        .addKeyValue("backup", fetched.name())
        .addKeyValue("files", fetched.files())
        .addKeyValue("bytes", fetched.bytes())
        .addKeyValue("matchesManifest", fetched.matchesManifest())
        .addKeyValue("leftOut", fetched.leftOut().size())
        .log("base backup fetched");
    if (!fetched.missing().isEmpty()) {
      LOG.atWarn()
          .addKeyValue("backup", fetched.name())
          .addKeyValue("files", fetched.missing().size())
          .addKeyValue("first", fetched.missing().getFirst())
          .log("the base backup lists files that none of its tars holds");
    }
  }

  private static void requireIndispensable(BackupName name, RestoredTree tree) {
    for (String path : INDISPENSABLE) {
      if (!tree.hasFile(path)) {
        throw Problem.verificationFailed(
                "the base backup " + name + " is damaged: " + path + " is missing",
                "Choose another base backup.")
            .asException();
      }
    }
  }
}
