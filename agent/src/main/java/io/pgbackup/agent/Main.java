package io.pgbackup.agent;

import io.pgbackup.config.ConfigFile;
import io.pgbackup.config.ConfigLoader;
import io.pgbackup.log.LogFormat;
import io.pgbackup.problem.ExitStatus;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.slf4j.LoggerFactory;

/// `pgbackup-agent --config FILE`. Runs until a signal; then it drains and exits 0.
public final class Main {
  private static final String USAGE =
      """
      Usage: pgbackup-agent --config FILE
      Protects the PostgreSQL server beside it: takes its WAL over a Unix socket, takes base backups
      on a schedule, and says over HTTP what can be restored. docs/configuration.md describes FILE.

        --config FILE   the configuration, YAML; changes of it are taken while it runs
        --version       print the version and exit
        --help          print this and exit
      """;

  private final Map<String, String> environment;
  private final PrintStream out;
  private final PrintStream err;

  Main(Map<String, String> environment, PrintStream out, PrintStream err) {
    this.environment = environment;
    this.out = out;
    this.err = err;
  }

  public static void main(String[] arguments) {
    System.exit(new Main(System.getenv(), System.out, System.err).run(List.of(arguments)).code());
  }

  ExitStatus run(List<String> arguments) {
    try {
      return switch (arguments) {
        case List<String> one when one.equals(List.of("--help")) -> say(USAGE);
        case List<String> one when one.equals(List.of("--version")) ->
            say("pgbackup-agent " + Version.get() + "\n");
        default ->
            serve(new ConfigFile(configFile(arguments), new ConfigLoader(environment)).load());
      };
    } catch (PgBackupException e) {
      return failed(e.problem());
    }
  }

  private ExitStatus say(String text) {
    out.print(text);
    return ExitStatus.DONE;
  }

  private static Path configFile(List<String> arguments) {
    if (arguments.size() == 2 && arguments.getFirst().equals("--config")) {
      return Path.of(arguments.getLast());
    }
    if (arguments.size() == 1 && arguments.getFirst().startsWith("--config=")) {
      return Path.of(arguments.getFirst().substring("--config=".length()));
    }
    throw Problem.misconfigured(
            arguments.isEmpty()
                ? "no configuration is named"
                : "'%s' is not understood".formatted(String.join(" ", arguments)),
            "Start it as pgbackup-agent --config FILE; --help says more.")
        .asException();
  }

  private ExitStatus serve(ConfigFile.Loaded config) {
    LogFormat format = config.effective().config().log().format();
    format.use();
    if (format == LogFormat.JSON) {
      return serve(config, Main::log);
    }
    return serve(config, this::failed);
  }

  private ExitStatus serve(ConfigFile.Loaded config, Function<Problem, ExitStatus> failure) {
    try {
      return serveUntilItFails(config, failure);
    } catch (PgBackupException e) {
      return failure.apply(e.problem());
    }
  }

  private static ExitStatus serveUntilItFails(
      ConfigFile.Loaded config, Function<Problem, ExitStatus> failure) {
    Agent agent = new Agent(config, Version.get(), Clock.systemUTC());
    agent.start();
    GarbageWatch.ofThisProcess()
        .ifPresent(watch -> new Periodic("watch-garbage", watch::look).start());
    AtomicInteger status = new AtomicInteger(ExitStatus.DONE.code());
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform()
                .name("shutdown")
                .unstarted(
                    () -> {
                      try {
                        agent.close();
                      } finally {
                        // after a signal the JVM would exit with the signal's number
                        Runtime.getRuntime().halt(status.get());
                      }
                    }));
    ExitStatus fatal = failure.apply(agent.fatal().join());
    status.set(fatal.code());
    return fatal;
  }

  /// Whoever collects JSON reads no other lines.
  private static ExitStatus log(Problem problem) {
    LoggerFactory.getLogger(Main.class)
        .atError()
        .addKeyValue("problem", problem.message())
        .addKeyValue("hint", problem.hint().orElse(""))
        .log("agent cannot run");
    return ExitStatus.of(problem);
  }

  private ExitStatus failed(Problem problem) {
    err.println("pgbackup-agent: " + problem.message());
    problem.hint().ifPresent(hint -> err.println("HINT: " + hint));
    return ExitStatus.of(problem);
  }
}
