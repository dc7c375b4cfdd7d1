package io.pgbackup.cli.client;

import io.pgbackup.engine.BackupRequest;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.status.ApiToken;
import io.pgbackup.status.BackupRequests;
import io.pgbackup.status.BackupRunView;
import io.pgbackup.status.Page;
import io.pgbackup.status.StatusServer;
import io.pgbackup.status.StatusSnapshot;
import io.pgbackup.status.StatusSources;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CopyOnWriteArrayList;

/// The agent's real HTTP server over answers that a test writes down.
public final class ScriptedAgent implements AutoCloseable {
  private final StatusServer server;
  private final List<BackupRequest> asked;

  private ScriptedAgent(
      StatusSnapshot status,
      BackupRequests requests,
      List<BackupRequest> asked,
      Optional<ApiToken> token) {
    this.asked = asked;
    this.server =
        StatusServer.open(
            "127.0.0.1",
            0,
            token,
            new StatusSources(
                () -> status, () -> new Page("", ""), () -> "", Optional::empty, requests));
  }

  /// @param course what it answers, first to the request and then to each question; the last one
  ///   for ever
  public static ScriptedAgent with(StatusSnapshot status, BackupRunView... course) {
    return with(Optional.empty(), status, course);
  }

  /// The same, for who shows the token.
  public static ScriptedAgent guarded(
      Path tokenFile, StatusSnapshot status, BackupRunView... course) {
    return with(Optional.of(new ApiToken(tokenFile)), status, course);
  }

  private static ScriptedAgent with(
      Optional<ApiToken> token, StatusSnapshot status, BackupRunView... course) {
    List<BackupRequest> asked = new CopyOnWriteArrayList<>();
    Queue<BackupRunView> answers = new ArrayDeque<>(List.of(course));
    return new ScriptedAgent(
        status,
        new BackupRequests() {
          @Override
          public Answer request(BackupRequest request) {
            asked.add(request);
            return new Answer.Started(next());
          }

          @Override
          public Optional<BackupRunView> find(String id) {
            return Optional.of(next());
          }

          private synchronized BackupRunView next() {
            return answers.size() > 1 ? answers.remove() : answers.element();
          }
        },
        asked,
        token);
  }

  public static ScriptedAgent refusing(StatusSnapshot status, PgBackupException refusal) {
    return new ScriptedAgent(
        status,
        new BackupRequests() {
          @Override
          public Answer request(BackupRequest request) {
            throw refusal;
          }

          @Override
          public Optional<BackupRunView> find(String id) {
            return Optional.empty();
          }
        },
        List.of(),
        Optional.empty());
  }

  /// What it was asked for so far.
  public List<BackupRequest> asked() {
    return asked;
  }

  public int port() {
    return server.address().getPort();
  }

  @Override
  public void close() {
    server.close();
  }
}
