package io.pgbackup.engine.walg;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/// One wal-g from its start to its end on the caller's thread, with a deadline. An interrupt ends
/// it soon.
final class WalgRun {
  private static final Logger LOG = LoggerFactory.getLogger(WalgRun.class);
  private static final Duration LOOK = Duration.ofMillis(500);
  private static final int MOST_OUTPUT = 16 << 20;

  private WalgRun() {}

  /// When to give up.
  ///
  /// @param silence without a line of log and without a byte read or written
  /// @param whole from start to end
  record Patience(Duration silence, Duration whole) {
    /// For what is quick.
    static Patience of(Duration whole) {
      return new Patience(whole, whole);
    }
  }

  /// @param output the first lines of standard output
  record Ended(WalgExit exit, List<String> output) {}

  /// Runs a wal-g that succeeds.
  ///
  /// @param look called now and then while it runs
  /// @throws PgBackupException for every other end
  static List<String> succeed(
      WalgProcess.Command command,
      Patience patience,
      Children children,
      Consumer<WalgProcess> look) {
    Ended ended = run(command, patience, children, look);
    if (!ended.exit().succeeded()) {
      throw ended.exit().failure(command.name());
    }
    return ended.output();
  }

  /// @throws PgBackupException `TimedOut` if it was stopped, at its deadline or by an interrupt
  static Ended run(
      WalgProcess.Command command,
      Patience patience,
      Children children,
      Consumer<WalgProcess> look) {
    List<String> output = new ArrayList<>();
    WalgProcess process = WalgProcess.start(command, WalgRun::log, line -> keep(output, line));
    try {
      awaitEnd(process, command.name(), patience, look);
      WalgExit exit = process.exit();
      exit.peakMemory().ifPresent(children::used);
      synchronized (output) {
        return new Ended(exit, List.copyOf(output));
      }
    } catch (InterruptedException e) {
      process.stop();
      Thread.currentThread().interrupt();
      throw Problem.timedOut(command.name() + " was interrupted", "Start it again.").causedBy(e);
    } catch (Throwable e) {
      process.stop();
      throw e;
    } finally {
      process.close();
      process.forget();
    }
  }

  private static void awaitEnd(
      WalgProcess process, String name, Patience patience, Consumer<WalgProcess> look)
      throws InterruptedException {
    long begin = System.nanoTime();
    long moved = begin;
    long activity = -1;
    while (!process.await(LOOK)) {
      long now = System.nanoTime();
      long activityNow = process.activity();
      if (activityNow != activity) {
        activity = activityNow;
        moved = now;
      }
      if (now - begin > patience.whole().toNanos()) {
        throw tooLong(process, name + " took longer than " + words(patience.whole()));
      }
      if (now - moved > patience.silence().toNanos()) {
        throw tooLong(process, name + " did nothing for " + words(patience.silence()));
      }
      look.accept(process);
    }
  }

  private static PgBackupException tooLong(WalgProcess process, String what) {
    return Problem.timedOut(
            what + process.tail().reason().map(line -> "; it last said: " + line).orElse(""),
            "It was stopped. Look at the database server's log and the store for what it waited"
                + " for.")
        .asException();
  }

  private static String words(Duration duration) {
    long seconds = duration.toSeconds();
    return seconds >= 120 ? seconds / 60 + " min" : seconds + " s";
  }

  private static void keep(List<String> output, String line) {
    synchronized (output) {
      if (output.stream().mapToInt(String::length).sum() < MOST_OUTPUT) {
        output.add(line);
      }
    }
  }

  /// WAL-G's own levels, one below ours: what matters of a run is told once, by whoever ran it.
  static void log(String line) {
    boolean loud =
        (line.startsWith("ERROR") || line.startsWith("WARNING")) && !LogTail.isHangUp(line);
    Level level = loud ? Level.WARN : Level.DEBUG;
    LOG.atLevel(level)
        .addKeyValue("line", line.length() > Lines.SHORT ? line.substring(0, Lines.SHORT) : line)
        .log("wal-g");
  }
}
