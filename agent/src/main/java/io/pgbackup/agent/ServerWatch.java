package io.pgbackup.agent;

import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.postgres.jdbc.ArchiverStats;
import io.pgbackup.postgres.jdbc.PostgresClient;
import io.pgbackup.postgres.jdbc.ServerFacts;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Asks PostgreSQL again and again who it is and how far its archiver is, and keeps an idle primary
/// committing.
///
/// [#look] belongs to one thread; what was seen may be read by all.
final class ServerWatch implements AutoCloseable {
  /// What the server said when it was last asked.
  record Seen(ServerFacts facts, ArchiverStats stats) {
    boolean primary() {
      return !facts.inRecovery();
    }
  }

  /// A new server waits for its lineage, which is not known before it answered once.
  private static final Duration STARTING = Duration.ofSeconds(1);

  private final PostgresConfig config;
  private final BooleanSupplier archiving;
  private final BooleanSupplier streaming;
  private final Duration interval;
  private final CommandWatch command;
  private final Problems problems;
  private final Heartbeat heartbeat = new Heartbeat();
  private @Nullable PostgresClient client;
  private boolean seenOnce;
  private volatile Optional<Seen> seen = Optional.empty();
  private volatile boolean asked;

  /// @param archiving whether WAL is stored; otherwise nothing is asked of the server's archiving,
  ///   and no commits are made for it
  /// @param streaming whether the agent fetches WAL itself, so that the server need not archive
  /// @param command judges where the server sends WAL
  ServerWatch(
      PostgresConfig config,
      BooleanSupplier archiving,
      BooleanSupplier streaming,
      Duration interval,
      CommandWatch command,
      Problems problems) {
    this.config = config;
    this.archiving = archiving;
    this.streaming = streaming;
    this.interval = interval;
    this.command = command;
    this.problems = problems;
  }

  /// Empty while the server does not answer.
  Optional<Seen> seen() {
    return seen;
  }

  /// Whether the server answered when it was last asked; empty before.
  Optional<Boolean> answered() {
    return asked ? Optional.of(seen.isPresent()) : Optional.empty();
  }

  Duration look() {
    try {
      ask();
      problems.clear(Problems.About.POSTGRES);
    } catch (PgBackupException e) {
      seen = Optional.empty();
      command.skip();
      disconnect();
      problems.report(Problems.About.POSTGRES, e.problem());
    } finally {
      asked = true;
    }
    return seenOnce || interval.compareTo(STARTING) < 0 ? interval : STARTING;
  }

  private void ask() {
    if (client == null) {
      client = PostgresClient.connect(config);
    }
    Seen now = new Seen(client.facts(), client.archiverStats());
    seen = Optional.of(now);
    seenOnce = true;
    checkArchiving(now);
    if (archiving.getAsBoolean()
        && now.primary()
        && heartbeat.due(now.stats().at(), now.stats().currentLsn())) {
      client.heartbeat();
    }
  }

  private void checkArchiving(Seen now) {
    boolean sends = archiving.getAsBoolean() && !streaming.getAsBoolean();
    Optional<Problem> problem = Optional.empty();
    if (sends) {
      problem = ofArchiving(now, command.look(now));
    } else {
      command.skip();
    }
    problem.ifPresentOrElse(
        found -> problems.report(Problems.About.WAL, found),
        () -> problems.clear(Problems.About.WAL));
  }

  /// What keeps a primary's commits out of the archive, or out of it for longer than anybody would
  /// expect.
  ///
  /// @param elsewhere that its WAL goes elsewhere
  static Optional<Problem> ofArchiving(Seen now, Optional<Problem> elsewhere) {
    if (now.primary() && !now.facts().archives()) {
      return Optional.of(
          Problem.misconfigured(
              "archive_mode is off, so no WAL reaches the archive",
              "Set archive_mode = on and archive_command, and restart the server."));
    }
    if (elsewhere.isPresent()) {
      return elsewhere;
    }
    if (now.primary() && now.facts().archiveTimeout().isZero()) {
      return Optional.of(
          Problem.misconfigured(
              "archive_timeout is 0, so commits wait for the archive until their segment is full",
              "Set archive_timeout = 60 and reload the server; otherwise nothing limits what a lost"
                  + " server takes along."));
    }
    return Optional.empty();
  }

  /// Only once [#look] is called no more.
  @Override
  public void close() {
    disconnect();
  }

  private void disconnect() {
    if (client != null) {
      client.close();
      client = null;
    }
  }
}
