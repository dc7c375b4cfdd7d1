package io.pgbackup.cli.wal;

import io.pgbackup.archive.ArchiveClient;
import io.pgbackup.archive.SenderUid;
import io.pgbackup.cli.source.Configuration;
import io.pgbackup.cli.source.SourceOptions;
import io.pgbackup.config.ConfigLoader;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.StoreFolder;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The verbs `wal push` and `wal fetch`.
public final class WalCommand {
  private static final String DEFAULT_SOCKET = "/run/pgbackup/archive.sock";
  private static final String USAGE =
      """
      Usage: pgbackup wal push [--socket PATH] FILE
             pgbackup wal fetch [--socket PATH] NAME DESTINATION
             pgbackup wal fetch --store URL --prefix FOLDER NAME DESTINATION

      What PostgreSQL runs; it talks to the agent on this host.
        archive_command = 'pgbackup wal push %p'
        restore_command = 'pgbackup wal fetch %f %p'

      Options:
            --socket PATH   the agent's socket; otherwise $PGBACKUP_WAL_SOCKET, the configuration's
                            wal.socket, or /run/pgbackup/archive.sock
            --prefix FOLDER the literal folder of one archive, whoever wrote it: fetched from there
                            without an agent, with the storage credentials of this process
            --store URL     of --prefix: s3://bucket or file:///directory
            --walg-env PATH WAL-G's settings: the archive that they name
        -c, --config FILE   the agent's configuration; $PGBACKUP_CONFIG if left out
        -v, --verbose       with stack traces of faults
        -h, --help          this text

      Exit statuses:
        push    0  stored, and confirmed by the store
                1  not stored
        fetch   0  delivered
                1  the store proved that it has no such file
              126  anything else: PostgreSQL stops instead of ending recovery early
                   (1 on a standby, which goes on streaming)
      """;

  private final WalArguments arguments;
  private final Map<String, String> environment;
  private final PrintStream out;
  private final PrintStream err;

  private WalCommand(
      WalArguments arguments, Map<String, String> environment, PrintStream out, PrintStream err) {
    this.arguments = arguments;
    this.environment = environment;
    this.out = out;
    this.err = err;
  }

  /// Runs a command line that is for these verbs.
  ///
  /// @return the status to exit with, or nothing if it is for another verb
  public static Optional<Integer> run(
      List<String> arguments, Map<String, String> environment, PrintStream out, PrintStream err) {
    WalArguments words = WalArguments.of(arguments);
    return words.isWal()
        ? Optional.of(new WalCommand(words, environment, out, err).run().code())
        : Optional.empty();
  }

  private WalStatus run() {
    if (arguments.help()) {
      out.print(USAGE);
      out.flush();
      return WalStatus.DONE;
    }
    WalStatus failure = arguments.verb().equals("push") ? WalStatus.NOT_STORED : WalStatus.TROUBLE;
    try {
      return switch (arguments.verb()) {
        case "push" -> push(operands(1));
        case "fetch" -> fetch(operands(2));
        case "" -> throw usage("'wal' needs a verb: push or fetch");
        case String other -> throw usage("'wal " + other + "' does not exist, only push and fetch");
      };
    } catch (PgBackupException e) {
      print(e.problem(), e);
    } catch (RuntimeException e) {
      print(Problem.bug("unexpected: " + e), e);
    }
    return failure;
  }

  private WalStatus push(List<String> files) {
    client().push(Path.of(files.getFirst()), SenderUid.beside(Path.of("")));
    return WalStatus.DONE;
  }

  private WalStatus fetch(List<String> files) {
    WalFileName name =
        WalFileName.tryParse(files.getFirst())
            .orElseThrow(() -> usage("'" + files.getFirst() + "' is not the name of a WAL file"));
    Path destination = Path.of(files.getLast());
    boolean delivered =
        arguments.value("--prefix").or(() -> arguments.value("--walg-env")).isPresent()
            ? direct().fetch(name, destination)
            : client().fetch(name, destination, SenderUid.beside(Path.of("")));
    return delivered ? WalStatus.DONE : WalStatus.ABSENT;
  }

  private DirectFetch direct() {
    Configuration configuration =
        Configuration.of(
            new SourceOptions(
                arguments.value("--config").map(Path::of),
                arguments.value("--store"),
                arguments.value("--walg-env").map(Path::of),
                arguments.value("--prefix")),
            environment,
            _ -> {});
    StoreFolder folder =
        configuration.folder().orElseThrow(() -> usage("--walg-env names no archive's folder"));
    return new DirectFetch(configuration, folder);
  }

  private ArchiveClient client() {
    return new ArchiveClient(socket(), ArchiveClient.PATIENCE);
  }

  private Path socket() {
    return arguments
        .value("--socket")
        .or(() -> Optional.ofNullable(environment.get("PGBACKUP_WAL_SOCKET")))
        .filter(text -> !text.isEmpty())
        .map(Path::of)
        .or(this::configured)
        .orElseGet(() -> Path.of(DEFAULT_SOCKET));
  }

  private Optional<Path> configured() {
    return arguments
        .value("--config")
        .or(() -> Optional.ofNullable(environment.get("PGBACKUP_CONFIG")))
        .filter(text -> !text.isEmpty())
        .map(file -> new ConfigLoader(environment).load(Path.of(file)).wal().socket());
  }

  private List<String> operands(int count) {
    Optional<String> fault = arguments.fault();
    if (fault.isPresent()) {
      throw usage(fault.get());
    }
    if (arguments.files().size() != count) {
      throw usage(
          "'wal %s' takes %s, got %d"
              .formatted(
                  arguments.verb(),
                  count == 1 ? "one file" : "a name and a destination",
                  arguments.files().size()));
    }
    return arguments.files();
  }

  private static PgBackupException usage(String message) {
    return Problem.misconfigured(message, "'pgbackup wal --help' shows how it is used.")
        .asException();
  }

  private void print(Problem problem, RuntimeException cause) {
    err.println("ERROR: " + problem.message());
    problem.hint().ifPresent(hint -> err.println("HINT: " + hint));
    if (arguments.options().containsKey("--verbose")) {
      cause.printStackTrace(err);
    }
    err.flush();
  }
}
