package io.pgbackup.engine.embedded;

import static java.util.stream.Collectors.toMap;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.BackupFetcher;
import io.pgbackup.engine.FetchTarget;
import io.pgbackup.engine.FetchedBackup;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Manifest;
import io.pgbackup.store.ObjectStore;
import java.time.Duration;
import java.util.Map;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Unpacks base backups in WAL-G's format: the full one, then each delta on it, the oldest first;
/// of each several parts at a time, and at the very end the control file and the label.
/// Thread-safe.
///
/// Memory is bounded by the number of parts at a time (9 MiB each for lz4; more for a zstd window
/// that another tool made wide) and by the list of files, some 300 bytes each.
public final class EmbeddedBackupFetcher implements BackupFetcher {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedBackupFetcher.class);

  /// How long a store that does not answer is waited for: what was unpacked so far would have to be
  /// fetched again. Recovery waits as long for WAL.
  private static final Duration STORE_PATIENCE = Duration.ofMinutes(5);

  private final ObjectStore store;
  private final ObjectCipher cipher;
  private final BackupDocuments documents;
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
    this.store = store.patient(STORE_PATIENCE);
    this.cipher = cipher;
    this.documents = new BackupDocuments(this.store, layout, cipher);
    this.parallelism = parallelism;
  }

  @Override
  public FetchedBackup fetch(BackupName name, FetchTarget target, LongConsumer progress) {
    BackupChain chain = BackupChain.read(name, documents);
    FetchedBackup fetched =
        new ChainExtraction(store, cipher, documents, chain, parallelism).into(target, progress);
    log(fetched, chain);
    return fetched;
  }

  @Override
  public Map<String, String> tablespaceNames(BackupName name) {
    return documents
        .manifest(name, _ -> {})
        .map(
            manifest ->
                manifest.tablespaces().stream()
                    .collect(
                        toMap(
                            Manifest.Tablespace::oid,
                            Manifest.Tablespace::name,
                            (first, _) -> first)))
        .orElse(Map.of());
  }

  @Override
  public Map<String, String> searchTablespaceNames(BackupName name) {
    return new StoredTablespaceNames(store, documents, cipher).of(name);
  }

  private static void log(FetchedBackup fetched, BackupChain chain) {
    LOG.atInfo()
        .addKeyValue("backup", fetched.name())
        .addKeyValue("deltas", chain.links().size() - 1)
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
}
