package io.pgbackup.restore;

import io.pgbackup.postgres.process.PostgresProcess;
import io.pgbackup.postgres.process.RunningServer;
import io.pgbackup.postgres.process.ServerStart;
import io.pgbackup.postgres.process.ServerState;
import io.pgbackup.postgres.process.StopMode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/// Sees no server but those of restores, for a pod whose caller answers for the others: the old
/// server is in another pod, and only Kubernetes knows whether it lives. What its `postmaster.pid`
/// names means nothing here.
///
/// @param staging where restores run their own servers
public record StagedServers(PostgresProcess process, Path staging) implements PostgresProcess {
  /// @param dataDirectory whose restores are meant
  public static StagedServers of(PostgresProcess process, Path dataDirectory) {
    return new StagedServers(process, RestorePaths.of(dataDirectory).staging());
  }

  private boolean isOurs(Path dataDirectory) {
    return dataDirectory.equals(staging);
  }

  @Override
  public void start(ServerStart start) {
    process.start(start);
  }

  @Override
  public void startDetached(ServerStart start, Duration timeout) {
    process.startDetached(start, timeout);
  }

  @Override
  public ServerState state(Path dataDirectory) {
    return isOurs(dataDirectory) ? process.state(dataDirectory) : ServerState.GONE;
  }

  @Override
  public boolean mayRunUnseen(Path dataDirectory) {
    return isOurs(dataDirectory) && process.mayRunUnseen(dataDirectory);
  }

  @Override
  public Optional<RunningServer> running(Path dataDirectory) {
    return isOurs(dataDirectory) ? process.running(dataDirectory) : Optional.empty();
  }

  @Override
  public ServerState awaitReady(ServerStart start, Duration timeout) {
    return process.awaitReady(start, timeout);
  }

  @Override
  public void stop(Path dataDirectory, StopMode mode, Duration timeout) {
    if (isOurs(dataDirectory)) {
      process.stop(dataDirectory, mode, timeout);
    }
  }
}
