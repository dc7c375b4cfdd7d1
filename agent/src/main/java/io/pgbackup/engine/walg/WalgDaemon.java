package io.pgbackup.engine.walg;

import io.pgbackup.credentials.StoreCredentials;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A `wal-g daemon` that is there when it is asked: started at the first request, and again after
/// it died or was killed because it hung, each time later while it keeps dying. Thread-safe.
final class WalgDaemon implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WalgDaemon.class);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
  private static final Duration POLL = Duration.ofMillis(20);
  private static final String WHAT = "wal-g daemon";

  private final String purpose;
  private final WalgProcess.Command command;
  private final Path socket;
  private final Duration startup;
  private final Children children;
  private final Optional<StoreCredentials> credentials;
  private final InstantSource clock;
  private @Nullable WalgProcess process;
  private Optional<StoreCredentials.Used> given = Optional.empty();
  private Duration pause = FIRST_PAUSE;
  private Instant notBefore = Instant.MIN;
  private int starts;
  private boolean closed;

  /// @param purpose for the log: `push` or `fetch`
  /// @param command that opens the socket
  /// @param startup until it must answer for the first time
  /// @param credentials that it asks for, where the store needs any
  WalgDaemon(
      String purpose,
      WalgProcess.Command command,
      Path socket,
      Duration startup,
      Children children,
      Optional<StoreCredentials> credentials,
      InstantSource clock) {
    this.purpose = purpose;
    this.command = command;
    this.socket = socket;
    this.startup = startup;
    this.children = children;
    this.credentials = credentials;
    this.clock = clock;
  }

  /// @throws PgBackupException if the daemon cannot be had, dies, hangs, or says that it failed; a
  ///   failure is never absence
  DaemonReply ask(DaemonRequest request, Duration deadline) {
    WalgProcess running = running();
    try {
      return ask(running, request, deadline);
    } catch (FailedException e) {
      if (!renew(running)) {
        throw explained(e.problem());
      }
    }
    try {
      return ask(running(), request, deadline);
    } catch (FailedException e) {
      throw explained(e.problem());
    }
  }

  /// It said that it failed.
  private static final class FailedException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient Problem problem;

    FailedException(Problem problem) {
      super(problem.message());
      this.problem = problem;
    }

    Problem problem() {
      return problem;
    }
  }

  private DaemonReply ask(WalgProcess running, DaemonRequest request, Duration deadline)
      throws FailedException {
    long before = running.tail().count();
    try {
      DaemonReply reply = DaemonCall.ask(socket, request, deadline);
      running.peakMemory().ifPresent(children::used);
      well();
      if (reply == DaemonReply.FAILED) {
        throw new FailedException(
            WalgExit.classified(
                "wal-g failed" + running.tail().reasonAfter(before).map(": "::concat).orElse("")));
      }
      return reply;
    } catch (DaemonCall.SilenceException e) {
      if (!running.isAlive()) {
        throw died(running);
      }
      kill(running);
      throw Problem.timedOut(
              "%s did not answer for %d s".formatted(WHAT, deadline.toSeconds())
                  + running.tail().reason().map("; it last said: "::concat).orElse(""),
              "It was killed and is started again; look at the store for what it waited for.")
          .causedBy(e);
    } catch (IOException e) {
      throw lost(running, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Problem.timedOut("interrupted while " + WHAT + " worked", "Try again.").causedBy(e);
    }
  }

  /// A process keeps the credentials that it was given for minutes, also those that the store no
  /// longer takes. Where there are others it ends, and the next one asks for those.
  ///
  /// @return whether another one may fare better
  private synchronized boolean renew(WalgProcess failed) {
    boolean others =
        credentials.isPresent() && given.filter(credentials.get()::changedSince).isPresent();
    if (!others) {
      return false;
    }
    if (process == failed) {
      LOG.atInfo().addKeyValue("purpose", purpose).log("wal-g daemon ends: other credentials");
      failed.peakMemory().ifPresent(children::used);
      failed.close();
      failed.forget();
      process = null;
    }
    return true;
  }

  private PgBackupException explained(Problem failure) {
    return WalgExit.explained(failure, credentials).asException();
  }

  /// How often a process was started.
  synchronized int starts() {
    return starts;
  }

  private synchronized void well() {
    pause = FIRST_PAUSE;
  }

  private synchronized WalgProcess running() {
    WalgProcess current = process;
    if (current != null && current.isAlive()) {
      return current;
    }
    if (closed) {
      throw Problem.timedOut("the agent is stopping", "Ask again when it runs.").asException();
    }
    if (current != null) {
      throw died(current);
    }
    if (clock.instant().isBefore(notBefore)) {
      throw Problem.storageUnavailable(
              WHAT + " died, and is started again in a while", "The agent's log says why it died.")
          .asException();
    }
    return start();
  }

  private WalgProcess start() {
    if (starts > 0) {
      children.restarted();
    }
    starts++;
    given = credentials.map(StoreCredentials::current);
    WalgProcess started = WalgProcess.start(command, WalgRun::log, WalgRun::log);
    process = started;
    awaitFirstAnswer(started);
    LOG.atInfo().addKeyValue("purpose", purpose).log("wal-g daemon started");
    return started;
  }

  private void awaitFirstAnswer(WalgProcess started) {
    long end = System.nanoTime() + startup.toNanos();
    while (true) {
      try {
        if (DaemonCall.ask(socket, new DaemonRequest.Check(), startup) == DaemonReply.OK) {
          return;
        }
      } catch (DaemonCall.SilenceException e) {
        throw notReady(started);
      } catch (IOException _) {
        // not yet there
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw Problem.timedOut("interrupted while " + WHAT + " started", "Try again.").causedBy(e);
      }
      try {
        if (started.await(POLL)) {
          throw died(started);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw Problem.timedOut("interrupted while " + WHAT + " started", "Try again.").causedBy(e);
      }
      if (System.nanoTime() - end > 0) {
        throw notReady(started);
      }
    }
  }

  private PgBackupException notReady(WalgProcess started) {
    kill(started);
    return Problem.timedOut(
            "%s opened no socket within %d s".formatted(WHAT, startup.toSeconds())
                + started.tail().reason().map("; it last said: "::concat).orElse(""),
            "It was killed and is started again.")
        .asException();
  }

  /// Notes its death and says how it came. Whatever the reason, another start may help.
  private synchronized PgBackupException died(WalgProcess dead) {
    PgBackupException reason = exit(dead);
    delay(dead);
    LOG.atWarn()
        .addKeyValue("purpose", purpose)
        .addKeyValue("reason", reason.problem().message())
        .log("wal-g daemon died");
    return Problem.storageUnavailable(
            reason.problem().message(), "It is started again; the log holds what it said before.")
        .causedBy(reason);
  }

  private PgBackupException exit(WalgProcess dead) {
    try {
      return dead.exit().failure(WHAT);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Problem.timedOut("interrupted while " + WHAT + " ended", "Try again.").causedBy(e);
    }
  }

  private synchronized void kill(WalgProcess hanging) {
    hanging.close();
    delay(hanging);
  }

  private void delay(WalgProcess gone) {
    if (process == gone) {
      gone.peakMemory().ifPresent(children::used);
      gone.close();
      gone.forget();
      process = null;
      notBefore = clock.instant().plus(pause);
      Duration longer = pause.multipliedBy(2);
      pause = longer.compareTo(LONGEST_PAUSE) < 0 ? longer : LONGEST_PAUSE;
    }
  }

  private PgBackupException lost(WalgProcess running, IOException cause) {
    try {
      // a connection breaks a moment before the process is gone
      if (running.await(Duration.ofSeconds(1))) {
        return died(running);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    return Problem.storageUnavailable(
            "lost the connection to %s: %s".formatted(WHAT, cause.getMessage()), "Try again.")
        .causedBy(cause);
  }

  @Override
  public synchronized void close() {
    closed = true;
    WalgProcess current = process;
    if (current != null) {
      current.stop();
      current.forget();
      process = null;
    }
  }
}
