package io.pgbackup.engine.embedded;

import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.config.PgBackupConfig.ServerTls;
import io.pgbackup.engine.BackupDeadlines;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.QuietListener;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Locale;
import java.util.Optional;

/// One base backup in a process of its own, so that its processor time can be told.
final class DeltaBenchChild {
  private DeltaBenchChild() {}

  /// @param arguments store, host, port, data directory, codec, kind
  public static void main(String[] arguments) {
    PostgresConfig postgres =
        new PostgresConfig(
            arguments[1],
            Integer.parseInt(arguments[2]),
            "postgres",
            "postgres",
            Optional.empty(),
            ServerTls.OFF,
            Path.of(arguments[3]));
    try (FileObjectStore store = FileObjectStore.open(Path.of(arguments[0]))) {
      TakenBackup taken =
          new EmbeddedBackupEngine(
                  store,
                  DeltaLab.LAYOUT,
                  postgres,
                  new EmbeddedBackupEngine.Settings(
                      Codec.valueOf(arguments[4]), 0, "bench", 1L << 30, BackupDeadlines.DEFAULT),
                  Clock.systemUTC())
              .push(
                  BackupRequest.of(
                      BackupRequest.Kind.valueOf(arguments[5].toUpperCase(Locale.ROOT))),
                  new QuietListener());
      System.out.println(taken.name());
    }
    System.exit(0);
  }
}
