package io.pgbackup.postgres.process;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/// Servers that are processes on this machine, or wherever [ProgramHost] says that programs run.
public final class LocalPostgres implements PostgresProcess {
  private static final Path NOWHERE = Path.of("/dev/null");

  private static final Duration POLL = Duration.ofMillis(50);

  /// Servers we launched, by data directory; an ended child is known at once by its handle.
  private final Map<Path, Process> children = new ConcurrentHashMap<>();

  @Override
  public void start(ServerStart start) {
    refuseIfRunning(start.dataDirectory());
    List<String> command = new ArrayList<>();
    command.add(start.installation().program("postgres"));
    command.add("-D");
    command.add(start.dataDirectory().toString());
    command.addAll(start.arguments());
    try {
      children.put(
          start.dataDirectory(),
          Commands.start(start.user().command(command), start.log().toFile()));
    } catch (IOException e) {
      throw Problem.postgresFailed(
              "cannot start " + command.getFirst() + ": " + e.getMessage(),
              "Check that the program exists and may be executed.")
          .causedBy(e);
    }
  }

  @Override
  public void startDetached(ServerStart start, Duration timeout) {
    refuseIfRunning(start.dataDirectory());
    List<String> command = new ArrayList<>();
    command.add(start.installation().program("pg_ctl"));
    command.addAll(
        List.of(
            "start",
            "-s",
            "-D",
            start.dataDirectory().toString(),
            "-w",
            "-t",
            Long.toString(timeout.toSeconds())));
    if (!start.arguments().isEmpty()) {
      command.add("-o");
      command.add(ShellWords.join(start.arguments()));
    }
    makeLog(start);
    long logged = start.log().toFile().length();
    boolean ownLog = start.user().owns(start.log());
    if (ownLog) {
      command.addAll(List.of("-l", start.log().toString()));
    }
    int status =
        Commands.runInto(
            ownLog ? NOWHERE : start.log(),
            start.user().command(command),
            timeout.plus(Duration.ofSeconds(30)));
    if (status != 0) {
      throw failed("PostgreSQL did not start in " + start.dataDirectory(), start.log(), logged);
    }
  }

  /// The server's log belongs to the server's user, whoever starts the server next.
  private static void makeLog(ServerStart start) {
    try {
      Files.createFile(start.log());
      start.user().own(start.log());
    } catch (FileAlreadyExistsException _) {
      // whose it is then decides who opens it
    } catch (IOException e) {
      throw Problem.postgresFailed(
              "cannot make the server's log " + start.log() + ": " + e.getMessage(),
              "Run the command as a user who may write there.")
          .causedBy(e);
    }
  }

  @Override
  public ServerState state(Path dataDirectory) {
    Process child = children.get(dataDirectory);
    if (child != null && !child.isAlive()) {
      children.remove(dataDirectory, child);
      child = null;
    }
    Process living = child;
    Optional<PostmasterPid> file =
        PostmasterPid.read(dataDirectory)
            .filter(
                pid -> (living != null && living.pid() == pid.pid()) || pid.isAlive(dataDirectory));
    if (file.isPresent()) {
      return file.get().state();
    }
    return child == null ? ServerState.GONE : ServerState.STARTING;
  }

  @Override
  public boolean mayRunUnseen(Path dataDirectory) {
    return PostmasterPid.read(dataDirectory)
        .filter(file -> !file.isAlive(dataDirectory))
        .filter(
            file ->
                new UnseenServer(Path.of("/proc"), ServerUser.weAreRoot())
                    .mayLive(file, dataDirectory))
        .isPresent();
  }

  @Override
  public Optional<RunningServer> running(Path dataDirectory) {
    return PostmasterPid.read(dataDirectory)
        .filter(pid -> pid.isAlive(dataDirectory))
        .flatMap(
            pid ->
                PostmasterOpts.read(dataDirectory)
                    .map(
                        opts ->
                            new RunningServer(
                                pid.pid(),
                                dataDirectory,
                                opts.program(),
                                opts.arguments(),
                                pid.port(),
                                pid.output())));
  }

  @Override
  public ServerState awaitReady(ServerStart start, Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      ServerState state = state(start.dataDirectory());
      switch (state) {
        case READY, STANDBY -> {
          return state;
        }
        case GONE -> throw failed("PostgreSQL ended in " + start.dataDirectory(), start.log(), 0);
        case STARTING, STOPPING -> pause(start, deadline, timeout);
      }
    }
  }

  private static void pause(ServerStart start, long deadline, Duration timeout) {
    if (System.nanoTime() - deadline > 0) {
      throw Problem.timedOut(
              "PostgreSQL in %s is not ready after %s".formatted(start.dataDirectory(), timeout),
              "Its log is " + start.log() + ".")
          .asException();
    }
    try {
      TimeUnit.MILLISECONDS.sleep(POLL.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Problem.timedOut("interrupted while PostgreSQL started", "Run the command again.")
          .causedBy(e);
    }
  }

  @Override
  public void stop(Path dataDirectory, StopMode mode, Duration timeout) {
    if (!isRunning(dataDirectory)) {
      return;
    }
    long deadline = System.nanoTime() + timeout.toNanos();
    signal(dataDirectory, mode);
    while (isRunning(dataDirectory)) {
      if (System.nanoTime() - deadline > 0) {
        throw Problem.timedOut(
                "PostgreSQL in %s has not stopped after %s".formatted(dataDirectory, timeout),
                "Look at its log; a long checkpoint or an archive_command that hangs may hold it.")
            .asException();
      }
      try {
        TimeUnit.MILLISECONDS.sleep(POLL.toMillis());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw Problem.timedOut("interrupted while PostgreSQL stopped", "Run the command again.")
            .causedBy(e);
      }
    }
  }

  /// The signals of src/backend/postmaster/postmaster.c: SIGINT ends fast, SIGQUIT at once.
  private void signal(Path dataDirectory, StopMode mode) {
    long pid =
        PostmasterPid.read(dataDirectory)
            .filter(file -> file.isAlive(dataDirectory))
            .map(PostmasterPid::pid)
            .or(() -> Optional.ofNullable(children.get(dataDirectory)).map(Process::pid))
            .orElse(0L);
    if (pid != 0) {
      CommandResult result =
          Commands.run(
              List.of("/bin/sh", "-c", "kill -s \"$0\" \"$1\"", mode.signal(), Long.toString(pid)),
              Duration.ofSeconds(20));
      if (!result.succeeded() && isRunning(dataDirectory)) {
        throw Problem.postgresFailed(
                "cannot signal PostgreSQL's process " + pid + ": " + result.lastLine(),
                "Run the command as root or as the server's user.")
            .asException();
      }
    }
  }

  private void refuseIfRunning(Path dataDirectory) {
    if (isRunning(dataDirectory)) {
      throw Problem.refused("a PostgreSQL server runs in " + dataDirectory, "Stop it first.")
          .asException();
    }
  }

  private static PgBackupException failed(String what, Path log, long from) {
    return Problem.postgresFailed(
            ServerLog.reason(log, from).map(reason -> what + ": " + reason).orElse(what),
            "The server's log is " + log + ".")
        .asException();
  }
}
