package io.pgbackup.engine.walg;

import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/// One running wal-g with everything that it starts: a session of its own that ends with it, with
/// [#close], and with this JVM, however that ends. Thread-safe.
final class WalgProcess implements AutoCloseable {
  /// wal-g ends an open backup on the server when it is asked to stop.
  private static final Duration GRACE = Duration.ofSeconds(8);

  private static final Duration KILL = Duration.ofSeconds(5);

  private final Process shell;
  private final Path statusFile;
  private final LogTail tail = new LogTail();
  private final AtomicLong heard = new AtomicLong();
  private final AtomicLong peak = new AtomicLong();
  private final List<Thread> readers;
  private volatile boolean killed;

  private WalgProcess(
      Process shell,
      Path statusFile,
      Redaction redaction,
      Consumer<String> log,
      Consumer<String> output) {
    this.shell = shell;
    this.statusFile = statusFile;
    this.readers =
        List.of(
            Thread.ofVirtual()
                .name("walg-log")
                .start(
                    () ->
                        Lines.read(
                            shell.getErrorStream(),
                            Lines.SHORT,
                            line -> logged(line, redaction, log))),
            Thread.ofVirtual()
                .name("walg-output")
                .start(() -> Lines.read(shell.getInputStream(), Lines.DOCUMENT, output)));
  }

  /// What to run.
  ///
  /// @param program and its arguments; never a secret among them
  /// @param environment all of it: nothing is inherited
  /// @param directory to run in; files that belong to the run are made there
  /// @param redaction for what it prints
  record Command(
      List<String> program, Map<String, String> environment, Path directory, Redaction redaction) {
    Command {
      program = List.copyOf(program);
      environment = Map.copyOf(environment);
    }

    /// `wal-g backup-push`, for messages.
    String name() {
      return program.size() < 2 ? "wal-g" : "wal-g " + program.get(1);
    }
  }

  /// @param log gets each line of its log, without secrets
  /// @param output gets each line of its standard output
  static WalgProcess start(Command command, Consumer<String> log, Consumer<String> output) {
    try {
      Path status = Files.createTempFile(command.directory(), "status-", "");
      Files.delete(status);
      ProcessBuilder builder =
          new ProcessBuilder(SupervisorScript.command(status, command.program()))
              .directory(command.directory().toFile());
      builder.environment().clear();
      builder.environment().putAll(command.environment());
      return new WalgProcess(builder.start(), status, command.redaction(), log, output);
    } catch (IOException e) {
      throw Problem.misconfigured(
              "%s cannot be started: %s".formatted(command.name(), e.getMessage()),
              "Check engine.walgBinary and that the agent may write to "
                  + command.directory()
                  + ".")
          .causedBy(e);
    }
  }

  private void logged(String line, Redaction redaction, Consumer<String> log) {
    String clean = redaction.of(line);
    heard.incrementAndGet();
    tail.add(clean);
    log.accept(clean);
  }

  boolean isAlive() {
    return shell.isAlive();
  }

  /// Waits for its end.
  ///
  /// @return whether it has ended
  boolean await(Duration patience) throws InterruptedException {
    boolean ended = shell.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS);
    if (!ended) {
      sampleMemory();
    }
    return ended;
  }

  /// How it ended. Call only after it has.
  WalgExit exit() throws InterruptedException {
    for (Thread reader : readers) {
      // all that could hold the pipes open is dead, so this is quick
      reader.join(KILL);
    }
    return new WalgExit(status(), killed, tail, peakMemory());
  }

  private int status() {
    try {
      return Integer.parseInt(Files.readString(statusFile).strip());
    } catch (NoSuchFileException | NumberFormatException _) {
      return WalgExit.KILLED;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  LogTail tail() {
    return tail;
  }

  /// Grows as long as it does something: prints, reads or writes.
  long activity() {
    return heard.get() + bytesRead() + bytesWritten();
  }

  /// Bytes that it has read so far, from files and the network together.
  long bytesRead() {
    return ProcessFacts.read(shell.toHandle());
  }

  /// Bytes that it has written so far, to files and the network together.
  long bytesWritten() {
    return ProcessFacts.written(shell.toHandle());
  }

  /// The greatest resident memory seen, in bytes, sampled while somebody waits for it; empty where
  /// nobody looked, or the system does not tell.
  OptionalLong peakMemory() {
    sampleMemory();
    return peak.get() == 0 ? OptionalLong.empty() : OptionalLong.of(peak.get());
  }

  private void sampleMemory() {
    if (shell.isAlive()) {
      ProcessFacts.peakMemory(shell.toHandle())
          .ifPresent(now -> peak.accumulateAndGet(now, Math::max));
    }
  }

  /// Asks it to end, and kills it with all that it started where it does not soon. Returns when all
  /// of it is gone.
  void stop() {
    boolean interrupted = Thread.interrupted();
    try {
      if (ask()) {
        interrupted |= !ended(GRACE);
      }
    } finally {
      close();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private boolean ask() {
    try {
      OutputStream control = shell.getOutputStream();
      control.write('\n');
      control.flush();
      return true;
    } catch (IOException _) {
      // it has ended
      return false;
    }
  }

  private boolean ended(Duration patience) {
    try {
      var _ = shell.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (InterruptedException _) {
      return false;
    }
  }

  /// Kills it with all that it started.
  @Override
  public void close() {
    if (shell.isAlive()) {
      killed = true;
      sampleMemory();
    }
    List<ProcessHandle> family = shell.descendants().toList();
    try {
      // the shell kills its whole session when its input ends
      shell.getOutputStream().close();
    } catch (IOException _) {
      // then the pipe is broken, and the shell is gone
    }
    boolean interrupted = !ended(KILL);
    if (shell.isAlive()) {
      family.forEach(ProcessHandle::destroyForcibly);
      shell.destroyForcibly();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /// Removes what the run left in its directory. After its end.
  void forget() {
    try {
      Files.deleteIfExists(statusFile);
    } catch (IOException _) {
      // the directory goes with the agent
    }
  }
}
