package io.pgbackup.cli.client;

import io.pgbackup.config.PgBackupConfig.HttpConfig;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.status.ApiToken;
import io.pgbackup.status.BackupRunView;
import java.util.Optional;

/// A running agent. Every method throws [io.pgbackup.problem.PgBackupException]: with the agent's
/// own problem where it answered with one, otherwise `TimedOut`, or `NotFound` where nobody
/// listens.
public interface AgentClient {
  /// Whether an agent listens there; false only where the connection is refused.
  boolean listens();

  /// The agent's status, as JSON of a [io.pgbackup.status.StatusSnapshot]; a newer agent may say
  /// more.
  String status();

  /// Asks for a base backup, which then goes on by itself.
  BackupRunView requestBackup(BackupRequest request);

  /// A run that was asked for.
  BackupRunView backup(String id);

  /// For messages: `http://127.0.0.1:9797`.
  String url();

  /// Nothing is asked yet.
  ///
  /// @param host as the agent's configuration has it: an address to listen on
  static AgentClient at(String host, int port) {
    return new HttpAgentClient(host, port, Optional.empty());
  }

  /// The agent that this configuration starts, with its token.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` if the token cannot be read
  static AgentClient at(HttpConfig http) {
    return new HttpAgentClient(
        http.host(), http.port(), http.tokenFile().map(file -> new ApiToken(file).authorization()));
  }
}
