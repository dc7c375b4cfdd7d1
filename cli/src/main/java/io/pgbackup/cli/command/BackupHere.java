package io.pgbackup.cli.command;

import io.pgbackup.agent.Engines;
import io.pgbackup.agent.LineageSession;
import io.pgbackup.agent.WithoutAgent;
import io.pgbackup.archive.ArchiveClient;
import io.pgbackup.archive.ArchiveSocket;
import io.pgbackup.archive.Retry;
import io.pgbackup.archive.SocketLimits;
import io.pgbackup.archive.WalArchiver;
import io.pgbackup.archive.WalServer;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.status.BackupRunView;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.open.Stores;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// A base backup in this process, where no agent runs: under the same lease and, because a base
/// backup needs its WAL in the archive, with the agent's socket for as long as it lasts.
record BackupHere(PgBackupConfig config, Clock clock) {
  private static final Duration PING = Duration.ofSeconds(5);
  private static final Duration CLEANING = Duration.ofSeconds(20);
  private static final Retry PUSHES = new Retry(Duration.ofSeconds(40), Duration.ofMillis(250));

  BackupRunView take(BackupRequest request, Consumer<BackupRunView> progress) {
    CountDownLatch done = new CountDownLatch(1);
    Thread hook = interruption(Thread.currentThread(), done);
    Runtime.getRuntime().addShutdownHook(hook);
    try (ObjectStore store = Stores.open(config.storage());
        Engines engines = Engines.open(config, clock)) {
      LineageSession session = WithoutAgent.lineage(config, store, engines, clock);
      Optional<ArchiveSocket> socket = takeWal(session);
      try {
        return WithoutAgent.takeBackup(session, request, clock, progress);
      } finally {
        socket.ifPresent(ArchiveSocket::close);
      }
    } finally {
      done.countDown();
      remove(hook);
    }
  }

  private Optional<ArchiveSocket> takeWal(LineageSession session) {
    if (somebodyTakesWal()) {
      return Optional.empty();
    }
    return Optional.of(
        ArchiveSocket.open(
            config.wal().socket(),
            config.postgres().dataDirectory(),
            new WalArchiver(session::wal, PUSHES, clock),
            new WalServer(session.wal().engine(), PUSHES, clock),
            SocketLimits.DEFAULT));
  }

  private boolean somebodyTakesWal() {
    try {
      new ArchiveClient(config.wal().socket(), PING).ping();
      return true;
    } catch (PgBackupException e) {
      return false;
    }
  }

  /// Ctrl-C ends the run as an interrupt does: the server leaves backup mode, what was stored is
  /// removed, the lease is given back.
  private static Thread interruption(Thread runner, CountDownLatch done) {
    return Thread.ofPlatform()
        .name("end-backup")
        .unstarted(
            () -> {
              runner.interrupt();
              try {
                var _ = done.await(CLEANING.toMillis(), TimeUnit.MILLISECONDS);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
  }

  private static void remove(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException _) {
      // This JVM is being ended, and the hook waits for us.
    }
  }
}
