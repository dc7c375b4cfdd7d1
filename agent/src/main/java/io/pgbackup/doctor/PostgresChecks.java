package io.pgbackup.doctor;

import io.pgbackup.archive.ArchiveCommand;
import io.pgbackup.archive.ArchiveCommand.Verdict;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.postgres.jdbc.PostgresClient;
import io.pgbackup.postgres.jdbc.ServerFacts;
import io.pgbackup.postgres.jdbc.ServerHealth;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The server, asked once, and its files as this user sees them.
final class PostgresChecks {
  private static final int CONNECT_MILLIS = 5000;

  private final PgBackupConfig config;
  private final boolean demanded;
  private final OwnData data;
  private final StreamChecks stream;
  private @Nullable ServerFacts facts;
  private @Nullable ServerHealth health;

  /// @param demanded whether a server that is not there is a failure
  /// @param store where the lineage's claim lies
  PostgresChecks(PgBackupConfig config, boolean demanded, Supplier<ObjectStore> store) {
    this.config = config;
    this.demanded = demanded;
    this.data = new OwnData(config, store);
    this.stream = new StreamChecks(config);
  }

  CheckGroup group() {
    return CheckGroup.of(
        Group.POSTGRES,
        List.of(
            Check.gate("reachable", this::reachable),
            Check.of("version", () -> ServerJudgements.version(facts().version())),
            Check.of("role", () -> ServerJudgements.role(facts())),
            Check.of("rights", this::rights),
            Check.of("archive-command", this::archiveCommand),
            Check.of("archive-timeout", this::archiveTimeout),
            Check.of("archiver", this::archiver),
            Check.of("streaming", () -> stream.connection(facts())),
            Check.of("stream-slot", () -> stream.slot(facts(), health())),
            Check.of("wal-level", () -> ServerJudgements.walLevel(health().setting("wal_level"))),
            Check.of("slots", () -> ServerJudgements.slots(health().slots())),
            Check.of("durability", () -> ServerJudgements.durability(health())),
            Check.of("checksums", () -> ServerJudgements.checksums(facts().dataChecksums())),
            Check.of("data-directory", () -> data.directory(facts())),
            Check.of("tablespaces", () -> data.tablespaces(health().tablespaces())),
            Check.of("room", this::room),
            Check.of("lineage", () -> data.lineage(facts()))));
  }

  private ServerFacts facts() {
    return Objects.requireNonNull(facts);
  }

  private ServerHealth health() {
    return Objects.requireNonNull(health);
  }

  private Outcome reachable() {
    PostgresConfig postgres = config.postgres();
    Optional<String> absent = absent(postgres);
    if (absent.isPresent() && !demanded) {
      return Outcome.skip("no server answers: " + absent.get());
    }
    try (PostgresClient client = PostgresClient.connect(postgres)) {
      facts = client.facts();
      health = client.health();
    }
    return Outcome.pass(
        "a server answers at %s, port %d".formatted(postgres.host(), postgres.port()));
  }

  /// Why nobody listens; empty where somebody does, whatever he then says.
  private static Optional<String> absent(PostgresConfig postgres) {
    String where =
        postgres.overUnixSocket()
            ? postgres.host() + "/.s.PGSQL." + postgres.port()
            : postgres.host() + ":" + postgres.port();
    try {
      if (postgres.overUnixSocket()) {
        SocketChannel.open(UnixDomainSocketAddress.of(Path.of(where))).close();
      } else {
        try (Socket socket = new Socket()) {
          socket.connect(new InetSocketAddress(postgres.host(), postgres.port()), CONNECT_MILLIS);
        }
      }
      return Optional.empty();
    } catch (ConnectException | NoSuchFileException e) {
      return Optional.of(where);
    } catch (IOException e) {
      // a missing socket is no NoSuchFileException, but a SocketException of these words
      return String.valueOf(e.getMessage()).contains("No such file")
          ? Optional.of(where)
          : Optional.empty();
    }
  }

  private Outcome rights() {
    return ServerJudgements.rights(health().missingRights(), config.postgres().user());
  }

  private boolean archives() {
    return config.wal().enabled() && (!facts().inRecovery() || facts().archives());
  }

  private Outcome archiveCommand() {
    if (config.wal().streams()) {
      return Outcome.skip("wal.source is stream: the server need not archive");
    }
    if (!archives()) {
      return Outcome.skip(
          config.wal().enabled()
              ? "a standby does not archive"
              : "wal.enabled is false: WAL is let go");
    }
    return switch (ArchiveCommand.judge(
        facts().archiveMode(),
        facts().archiveCommand(),
        facts().archiveLibrary(),
        config.wal().socket())) {
      case Verdict.Ours ours -> Outcome.pass(ours.found());
      case Verdict.Elsewhere elsewhere -> Outcome.warn(elsewhere.found(), elsewhere.remedy());
      case Verdict.Foreign foreign -> Outcome.fail(foreign.problem());
    };
  }

  private Outcome archiveTimeout() {
    if (config.wal().streams()) {
      return Outcome.skip("wal.source is stream: an unfinished segment is stored too");
    }
    return ServerJudgements.archiveTimeout(facts().archiveTimeout());
  }

  private Outcome archiver() {
    try (PostgresClient client = PostgresClient.connect(config.postgres())) {
      return ServerJudgements.archiver(client.archiverStats(), facts().archives());
    }
  }

  private Outcome room() {
    Path wal = config.postgres().dataDirectory().resolve("pg_wal");
    try {
      FileStore disk = Files.getFileStore(wal.toRealPath());
      return Room.judge("the disk of pg_wal", disk.getUsableSpace(), disk.getTotalSpace());
    } catch (NoSuchFileException e) {
      return Outcome.fail(
          Problem.misconfigured(
              "there is no " + wal, "Correct postgres.dataDirectory; it holds PG_VERSION."));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
