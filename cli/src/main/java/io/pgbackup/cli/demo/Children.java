package io.pgbackup.cli.demo;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// What the demo has started and must end, whatever happens: in reverse order, on [#close] or when
/// this JVM is ended, by Ctrl-C for instance.
///
/// Thread-safe.
final class Children implements AutoCloseable {
  private static final Duration GRACE = Duration.ofSeconds(20);

  private final Deque<Runnable> first = new ArrayDeque<>();
  private final Deque<Runnable> endings = new ArrayDeque<>();
  private final Thread hook = new Thread(this::endAll, "end-demo");

  /// @param farewell carried out when all is ended
  Children(Runnable farewell) {
    endings.add(farewell);
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /// Does not return where this JVM is being ended: what fails then is no news.
  void standStillIfEnding() {
    while (hook.getState() != Thread.State.NEW) {
      LockSupport.park();
    }
  }

  /// Starts a program whose output goes to a log.
  Process start(List<String> command, Map<String, String> environment, Path log) {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(new File("/"))
            .redirectErrorStream(true)
            .redirectInput(new File("/dev/null"))
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    prepare(builder.environment(), environment);
    try {
      Process process = builder.start();
      onEnd(() -> end(process));
      return process;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The person's own settings would lead the demo to their bucket.
  static void prepare(Map<String, String> inherited, Map<String, String> added) {
    inherited.keySet().removeIf(name -> name.startsWith("PGBACKUP_") || name.startsWith("AWS_"));
    inherited.putAll(added);
  }

  /// @param ending may be carried out although what it ends is gone already
  synchronized void onEnd(Runnable ending) {
    endings.push(ending);
  }

  /// For PostgreSQL, because an agent that ends while its server runs waits for the server's last
  /// WAL; and for what may start a server.
  synchronized void beforeOthers(Runnable ending) {
    first.push(ending);
  }

  private synchronized Optional<Runnable> next() {
    return Optional.ofNullable(first.poll()).or(() -> Optional.ofNullable(endings.poll()));
  }

  /// Asks a program to end, and kills it when it does not.
  static void end(Process process) {
    process.destroy();
    try {
      if (!process.waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  private void endAll() {
    for (Optional<Runnable> ending = next(); ending.isPresent(); ending = next()) {
      try {
        ending.get().run();
      } catch (RuntimeException e) {
        System.err.println("could not be ended: " + e.getMessage());
      }
    }
  }

  @Override
  public void close() {
    endAll();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException _) {
      // This JVM is being ended, and the hook does the same.
    }
  }
}
