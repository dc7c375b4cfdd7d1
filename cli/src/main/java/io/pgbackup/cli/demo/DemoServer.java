package io.pgbackup.cli.demo;

import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.config.PgBackupConfig.ServerTls;
import io.pgbackup.postgres.jdbc.SqlSession;
import io.pgbackup.postgres.process.LocalPostgres;
import io.pgbackup.postgres.process.PostgresInstallation;
import io.pgbackup.postgres.process.PostgresProcess;
import io.pgbackup.postgres.process.ServerStart;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.postgres.process.StopMode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// One PostgreSQL server of the demo; it belongs to nobody's terminal, as a service would.
record DemoServer(
    PostgresInstallation installation,
    ServerUser user,
    Path dataDirectory,
    Path socketDirectory,
    int port,
    Path log) {
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final PostgresProcess PROCESS = new LocalPostgres();

  void start() {
    PROCESS.startDetached(
        new ServerStart(installation, user, dataDirectory, List.of(), log), PATIENCE);
  }

  void stop() {
    PROCESS.stop(dataDirectory, StopMode.FAST, PATIENCE);
  }

  /// Every server with its data below this folder, one that a restore has started too. Without a
  /// checkpoint: nothing is needed any more.
  static void stopAllBelow(Path folder) {
    for (Path running : runningBelow(folder)) {
      PROCESS.stop(running, StopMode.IMMEDIATE, PATIENCE);
    }
  }

  /// A restore works in `<data directory>.pgbackup-restore/data`.
  private static List<Path> runningBelow(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .flatMap(each -> Stream.of(each, each.resolve("data")))
          .filter(each -> Files.exists(each.resolve("postmaster.pid")))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  SqlSession connect() {
    return SqlSession.connect(config());
  }

  private PostgresConfig config() {
    return new PostgresConfig(
        socketDirectory.toString(),
        port,
        "postgres",
        "postgres",
        Optional.empty(),
        ServerTls.OFF,
        dataDirectory);
  }
}
