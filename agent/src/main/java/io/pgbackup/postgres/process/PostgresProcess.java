package io.pgbackup.postgres.process;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/// Starts and stops PostgreSQL servers. Implementations are thread-safe; two callers must not
/// manage one data directory.
public interface PostgresProcess {
  /// Launches a server and returns at once; [#state] tells how it fares. The server is our child: a
  /// signal from the terminal reaches it too, but it survives our death.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `Refused` if one runs there already,
  ///   `PostgresFailed` if the program cannot be started
  void start(ServerStart start);

  /// Like [#start], but the server belongs to nobody's terminal and goes on after us; waits until
  /// it accepts connections.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `PostgresFailed` if it ended, `TimedOut` if it
  ///   is not ready in time; the hint names the log
  void startDetached(ServerStart start, Duration timeout);

  ServerState state(Path dataDirectory);

  /// Whether a living server uses the directory. A `postmaster.pid` left by a crash does not count.
  default boolean isRunning(Path dataDirectory) {
    return state(dataDirectory) != ServerState.GONE;
  }

  /// Whether a server that cannot be seen from here, in another container for instance, may use the
  /// directory: its `postmaster.pid` stands, and nothing proves that it is dead.
  boolean mayRunUnseen(Path dataDirectory);

  /// The running server as it was started, so that it can be started again the same way.
  Optional<RunningServer> running(Path dataDirectory);

  /// Waits until the server accepts connections of any kind.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `PostgresFailed` if it ended, `TimedOut`
  ServerState awaitReady(ServerStart start, Duration timeout);

  /// Stops the server and waits until it is gone; does nothing where none runs.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `TimedOut` if it is still there then
  void stop(Path dataDirectory, StopMode mode, Duration timeout);
}
