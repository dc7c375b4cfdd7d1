package io.pgbackup.agent;

import io.pgbackup.backup.BackupObserver;
import io.pgbackup.backup.BackupRun;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.encryption.Encryption;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.lineage.IdentityFile;
import io.pgbackup.lineage.ProtectedLineage;
import io.pgbackup.lineage.ServerState;
import io.pgbackup.postgres.jdbc.PostgresClient;
import io.pgbackup.status.BackupRunView;
import io.pgbackup.store.ObjectStore;
import java.nio.file.Path;
import java.time.Clock;
import java.util.function.Consumer;

/// What the command line does itself where no agent runs, under the same lease and the same rules.
public final class WithoutAgent {
  private WithoutAgent() {}

  /// Whose data lie beside this process: asks the server, finds its lineage and claims it.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `PostgresFailed` without a server, `Refused` if
  ///   the lineage is not certain
  public static LineageSession lineage(
      PgBackupConfig config, ObjectStore store, Engines engines, Clock clock) {
    Path dataDirectory = config.postgres().dataDirectory();
    try (PostgresClient client = PostgresClient.connect(config.postgres())) {
      ServerState server = ServerStates.running(client.facts(), dataDirectory);
      ProtectedLineage lineage =
          LineageSession.resolver(config, store, clock)
              .resolve(server, IdentityFile.beside(dataDirectory));
      return LineageSession.of(
          lineage, config, store, Encryption.open(config.encryption()), engines, clock);
    }
  }

  /// Takes a base backup on the caller's thread and returns how it ended. An interrupt ends it
  /// soon.
  ///
  /// @param progress told of each state, the last one included
  public static BackupRunView takeBackup(
      LineageSession session,
      BackupRequest request,
      Clock clock,
      Consumer<BackupRunView> progress) {
    RunBook book = new RunBook();
    String id = book.begin(BackupRun.newId(), clock.instant()).id();
    BackupObserver observer = book.observer(id);
    session
        .backups()
        .run(
            id,
            request,
            new BackupObserver() {
              @Override
              public void became(BackupRun run) {
                observer.became(run);
                progress.accept(book.find(id).orElseThrow());
              }

              @Override
              public void progressed(long files, long bytes) {
                observer.progressed(files, bytes);
              }
            });
    return book.find(id).orElseThrow();
  }
}
