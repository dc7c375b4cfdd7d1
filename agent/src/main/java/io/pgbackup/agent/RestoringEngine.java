package io.pgbackup.agent;

import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.engine.BackupFetcher;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.walg.Walg;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.store.ObjectStore;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What brings base backups back: the engine that the configuration chose for taking them, where it
/// can be had here, otherwise the embedded one, which reads the same archives. A restore must not
/// depend on a program that the host of a recovery may lack. Nothing is started before a fetcher is
/// asked for. Thread-safe.
public final class RestoringEngine implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RestoringEngine.class);

  private final PgBackupConfig config;
  private @Nullable Walg walg;

  public RestoringEngine(PgBackupConfig config) {
    this.config = config;
  }

  /// @param embedded the one in this process
  public synchronized BackupFetcher fetcher(
      ObjectStore store, ArchiveLayout layout, BackupFetcher embedded) {
    return config
        .engine()
        .walgForBackups()
        .flatMap(this::open)
        .map(opened -> opened.fetcher(store, layout, embedded))
        .orElse(embedded);
  }

  private Optional<Walg> open(Path binary) {
    if (!config.encryption().previousKeyFiles().isEmpty()) {
      LOG.atInfo().log(
          "the embedded engine restores: wal-g has one key, and there are previous ones");
      return Optional.empty();
    }
    if (walg == null) {
      try {
        walg = Walg.open(config, binary);
      } catch (PgBackupException e) {
        LOG.atWarn()
            .addKeyValue("binary", binary)
            .addKeyValue("reason", e.problem().message())
            .log("wal-g cannot be used here; the embedded engine restores");
      }
    }
    return Optional.ofNullable(walg);
  }

  @Override
  public synchronized void close() {
    if (walg != null) {
      walg.close();
      walg = null;
    }
  }
}
