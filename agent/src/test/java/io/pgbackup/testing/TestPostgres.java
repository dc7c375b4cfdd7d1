package io.pgbackup.testing;

import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.config.PgBackupConfig.ServerTls;
import io.pgbackup.postgres.process.Initdb;
import io.pgbackup.postgres.process.LocalPostgres;
import io.pgbackup.postgres.process.PostgresInstallation;
import io.pgbackup.postgres.process.ServerLog;
import io.pgbackup.postgres.process.ServerStart;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.postgres.process.SocketDirectory;
import io.pgbackup.postgres.process.StopMode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/// A real PostgreSQL server: page checksums, locale C, user `postgres` without a password, on a
/// free port of 127.0.0.1 and in a private Unix socket directory. As root it runs as another user,
/// so its folder must be enterable (see [EnterableTempDir]).
///
/// Closing stops it and leaves the files to the temporary directory they lie in.
public final class TestPostgres implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final PostgresInstallation installation;
  private final ServerUser user;
  private final Path dataDirectory;
  private final Path log;
  private final int port;
  private final SocketDirectory sockets;
  private final SequencedMap<String, String> overrides;
  private final LocalPostgres process = new LocalPostgres();
  private String role = "postgres";

  private TestPostgres(
      PostgresInstallation installation,
      ServerUser user,
      Path dataDirectory,
      Map<String, String> settings) {
    this.installation = installation;
    this.user = user;
    this.dataDirectory = dataDirectory;
    this.log = dataDirectory.resolveSibling(dataDirectory.getFileName() + ".log");
    this.port = FreePort.find();
    this.sockets = SocketDirectory.create(user);
    this.overrides = new LinkedHashMap<>();
    overrides.put("listen_addresses", "127.0.0.1");
    overrides.put("port", Integer.toString(port));
    overrides.put("unix_socket_directories", sockets.path().toString());
    overrides.putAll(settings);
    Runtime.getRuntime().addShutdownHook(new Thread(this::stopAtOnce, "stop-test-postgres"));
  }

  /// A new cluster in `<folder>/data`, not started yet.
  public static TestPostgres create(PostgresRelease release, Path folder) {
    return builder(release).create(folder.resolve("data"));
  }

  public static Builder builder(PostgresRelease release) {
    return new Builder(release);
  }

  /// A server for a data directory that exists, for instance a restored one; settings given here
  /// override its configuration files.
  public static TestPostgres over(
      PostgresRelease release, Path dataDirectory, Map<String, String> settings) {
    return new TestPostgres(
        release.installation(), ServerUser.ownerOf(dataDirectory), dataDirectory, settings);
  }

  /// Connects as another role, where a foreign cluster has no `postgres`.
  public TestPostgres as(String name) {
    role = name;
    return this;
  }

  /// What a new cluster is made with.
  public static final class Builder {
    private final PostgresRelease release;
    private final SequencedMap<String, String> settings = new LinkedHashMap<>();
    private final List<String> initdb = new ArrayList<>(List.of("--no-sync"));

    private Builder(PostgresRelease release) {
      this.release = release;
      settings.put("fsync", "off");
      settings.put("shared_buffers", "16MB");
      settings.put("max_connections", "20");
      settings.put("timezone", "UTC");
      settings.put("log_timezone", "UTC");
      settings.put("log_line_prefix", "%m [%p] %b ");
    }

    /// Written to postgresql.conf.
    public Builder setting(String name, String value) {
      settings.put(name, value);
      return this;
    }

    /// Archives by an [ArchiveCommand] with this spool, at the latest a second after a change.
    public Builder archivingBy(Path spool) {
      return setting("archive_mode", "on")
          .setting("archive_command", ArchiveCommand.text(spool))
          .setting("archive_timeout", "1s");
    }

    /// An option of initdb, for instance `--wal-segsize=1`.
    public Builder initdb(String option) {
      initdb.add(option);
      return this;
    }

    public TestPostgres create(Path dataDirectory) {
      PostgresInstallation installation = release.installation();
      ServerUser user = ServerUser.forNewDirectory();
      Initdb.create(installation, user, dataDirectory, initdb);
      TestPostgres postgres = new TestPostgres(installation, user, dataDirectory, Map.of());
      settings.forEach(postgres::configure);
      return postgres;
    }
  }

  /// Appends to postgresql.conf; counts from the next start or [#reload].
  public void configure(String name, String value) {
    try {
      Files.writeString(
          dataDirectory.resolve("postgresql.conf"),
          "%s = '%s'%n".formatted(name, value.replace("\\", "\\\\").replace("'", "''")),
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public TestPostgres start() {
    ServerStart start = startCommand();
    process.start(start);
    process.awaitReady(start, PATIENCE);
    return this;
  }

  private ServerStart startCommand() {
    return ServerStart.withSettings(installation, user, dataDirectory, overrides, log);
  }

  public void reload() {
    sql("select pg_reload_conf()");
  }

  /// A clean shutdown.
  public void stop() {
    process.stop(dataDirectory, StopMode.FAST, PATIENCE);
  }

  /// A crash: no checkpoint is written.
  public void kill() {
    process.stop(dataDirectory, StopMode.IMMEDIATE, PATIENCE);
  }

  public boolean isRunning() {
    return process.isRunning(dataDirectory);
  }

  /// Runs one or more statements; the rows of the last one that has rows, their columns joined by
  /// `|`, null as an empty text.
  public List<String> sql(String statements) {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      List<String> rows = List.of();
      boolean hasRows = statement.execute(statements);
      while (true) {
        if (hasRows) {
          rows = rows(statement.getResultSet());
        } else if (statement.getUpdateCount() < 0) {
          return rows;
        }
        hasRows = statement.getMoreResults();
      }
    } catch (SQLException e) {
      throw new IllegalStateException(statements + ": " + e.getMessage(), e);
    }
  }

  /// The only row's text.
  public String value(String query) {
    List<String> rows = sql(query);
    if (rows.size() != 1) {
      throw new IllegalStateException(query + " has " + rows.size() + " rows");
    }
    return rows.getFirst();
  }

  /// A new connection with autocommit, as `postgres`.
  public Connection connect() throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:" + port + "/postgres?sslmode=disable", role, "");
  }

  private static List<String> rows(ResultSet result) throws SQLException {
    List<String> rows = new ArrayList<>();
    int columns = result.getMetaData().getColumnCount();
    while (result.next()) {
      List<String> fields = new ArrayList<>();
      for (int column = 1; column <= columns; column++) {
        String field = result.getString(column);
        fields.add(field == null ? "" : field);
      }
      rows.add(String.join("|", fields));
    }
    return rows;
  }

  /// Over TCP; see [#configOverSocket].
  public PostgresConfig config() {
    return config("127.0.0.1");
  }

  public PostgresConfig configOverSocket() {
    return config(sockets.path().toString());
  }

  private PostgresConfig config(String host) {
    return new PostgresConfig(
        host, port, "postgres", "postgres", Optional.empty(), ServerTls.OFF, dataDirectory);
  }

  public Path dataDirectory() {
    return dataDirectory;
  }

  public PostgresInstallation installation() {
    return installation;
  }

  public ServerUser user() {
    return user;
  }

  public int port() {
    return port;
  }

  public Path socketDirectory() {
    return sockets.path();
  }

  /// The end of the server's log, for failure messages.
  public String log() {
    return String.join("\n", ServerLog.tail(log));
  }

  private void stopAtOnce() {
    process.stop(dataDirectory, StopMode.IMMEDIATE, PATIENCE);
  }

  @Override
  public void close() {
    stopAtOnce();
    sockets.close();
  }
}
