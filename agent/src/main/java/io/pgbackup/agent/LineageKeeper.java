package io.pgbackup.agent;

import io.pgbackup.archive.WalDestination;
import io.pgbackup.lineage.Identity;
import io.pgbackup.lineage.IdentityFile;
import io.pgbackup.lineage.LineageResolver;
import io.pgbackup.lineage.ProtectedLineage;
import io.pgbackup.lineage.ServerState;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Knows which lineage the data directory is of now. Looks at the identity beside it every few
/// seconds, because an in-place restore puts another one there, and until one is resolved tries
/// again and again.
///
/// [#check] belongs to one thread; the session may be read by all.
final class LineageKeeper {
  private static final Logger LOGGER = LoggerFactory.getLogger(LineageKeeper.class);
  private static final Duration INTERVAL = Duration.ofSeconds(2);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  private final Path dataDirectory;
  private final Supplier<Optional<ServerWatch.Seen>> server;
  private final LineageResolver resolver;
  private final Function<ProtectedLineage, LineageSession> sessions;
  private final Problems problems;
  private final CompletableFuture<Problem> fatal;
  private volatile Optional<LineageSession> current = Optional.empty();
  private Duration pause = INTERVAL;
  private boolean resolvedBefore;

  /// Whether the session must be made anew, and whether the archive may lack the history of the
  /// timeline that the server is on.
  private volatile boolean stale;

  private volatile boolean historyOwed;

  /// @param fatal completed when the very first search shows that this agent must not run here
  LineageKeeper(
      Path dataDirectory,
      Supplier<Optional<ServerWatch.Seen>> server,
      LineageResolver resolver,
      Function<ProtectedLineage, LineageSession> sessions,
      Problems problems,
      CompletableFuture<Problem> fatal) {
    this.dataDirectory = dataDirectory;
    this.server = server;
    this.resolver = resolver;
    this.sessions = sessions;
    this.problems = problems;
    this.fatal = fatal;
  }

  Optional<LineageSession> current() {
    return current;
  }

  /// @throws PgBackupException that passes, while the lineage is not known
  LineageSession require() {
    return current.orElseThrow(
        () ->
            Problem.storageUnavailable(
                    "the lineage of this server is not known yet"
                        + problems
                            .about(Problems.About.LINEAGE)
                            .map(problem -> ": " + problem.message())
                            .orElse(""),
                    "The agent tries again by itself; 'pgbackup status' shows what it waits for.")
                .asException());
  }

  /// What sessions are made of changed. At the next [#check] the lineage that is known gets another
  /// one; what runs in the one before ends in it.
  ///
  /// @param historyOwed whether WAL was let go so far, histories too
  void renew(boolean historyOwed) {
    this.historyOwed |= historyOwed;
    stale = true;
  }

  WalDestination destination() {
    return require().wal();
  }

  Duration check() {
    try {
      IdentityFile file = IdentityFile.beside(dataDirectory);
      if (current.isPresent()) {
        compare(current.get(), file.read());
      }
      if (current.isEmpty()) {
        resolve(file);
      } else if (stale) {
        renewNow(current.get());
      }
      if (historyOwed) {
        pushHistory(current.orElseThrow(), state(file).history().timeline());
        historyOwed = false;
      }
      return INTERVAL;
    } catch (PgBackupException e) {
      return failed(e);
    }
  }

  private void renewNow(LineageSession before) {
    stale = false;
    try {
      current = Optional.of(sessions.apply(before.lineage()));
    } catch (RuntimeException e) {
      stale = true;
      throw e;
    }
  }

  private void compare(LineageSession session, Optional<Identity> standing) {
    if (standing.isEmpty()) {
      // Never looked for while running: a restore may be about to put a new identity there, and an
      // old one that we found by its claim would overwrite it.
      problems.report(
          Problems.About.LINEAGE,
          Problem.refused(
              "the identity %s is gone".formatted(IdentityFile.beside(dataDirectory).path()),
              "If it was removed by mistake, restart the agent, which finds the lineage again."));
      return;
    }
    if (!historyOwed) {
      problems.clear(Problems.About.LINEAGE);
    }
    if (!standing.get().equals(session.lineage().identity())) {
      LOGGER
          .atInfo()
          .addKeyValue("before", session.lineage().identity().uid())
          .addKeyValue("now", standing.get().uid())
          .log("the data directory is of another lineage now");
      current = Optional.empty();
    }
  }

  private void resolve(IdentityFile file) {
    ServerState state = state(file);
    stale = false;
    ProtectedLineage lineage = resolver.resolve(state, file);
    LineageSession session = sessions.apply(lineage);
    pushHistory(session, state.history().timeline());
    current = Optional.of(session);
    resolvedBefore = true;
    pause = INTERVAL;
    problems.clear(Problems.About.LINEAGE);
    LOGGER
        .atInfo()
        .addKeyValue("cluster", lineage.identity().cluster())
        .addKeyValue("uid", lineage.identity().uid())
        .addKeyValue("prefix", lineage.layout().prefix())
        .log("lineage resolved");
  }

  /// The fence wants a timeline's history before its first segment. A server that was promoted
  /// before it came to this archive does not offer that file again.
  private void pushHistory(LineageSession session, Timeline timeline) {
    Path file = ServerStates.historyFile(dataDirectory, timeline);
    WalFileName name = WalFileName.parse(file.getFileName().toString());
    try {
      byte[] content = Files.readAllBytes(file);
      session
          .wal()
          .admission()
          .check(name, content, Optional.of(session.lineage().identity().uid()));
      session.wal().engine().push(name, content);
    } catch (NoSuchFileException _) {
      // timeline 1 has none; for another one the fence says so when its first segment comes
    } catch (IOException e) {
      throw Problem.postgresFailed(
              "%s cannot be read: %s".formatted(file, e.getMessage()),
              "Check postgres.dataDirectory, and that this user may read it.")
          .causedBy(e);
    }
  }

  private ServerState state(IdentityFile file) {
    Optional<ServerWatch.Seen> seen = server.get();
    if (seen.isPresent()) {
      return ServerStates.running(seen.get().facts(), dataDirectory);
    }
    if (file.read().isPresent()) {
      return ServerStates.stopped(dataDirectory);
    }
    throw Problem.postgresFailed(
            "PostgreSQL does not answer, and no identity lies beside its data",
            "Start the server; its lineage is looked for then.")
        .asException();
  }

  private Duration failed(PgBackupException e) {
    problems.report(Problems.About.LINEAGE, e.problem());
    boolean never =
        e.problem() instanceof Problem.Refused || e.problem() instanceof Problem.Misconfigured;
    if (never && !resolvedBefore) {
      fatal.complete(e.problem());
    }
    Duration now = pause;
    Duration next = pause.multipliedBy(2);
    pause = next.compareTo(LONGEST_PAUSE) < 0 ? next : LONGEST_PAUSE;
    return now;
  }
}
