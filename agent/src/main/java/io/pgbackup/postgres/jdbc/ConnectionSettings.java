package io.pgbackup.postgres.jdbc;

import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import org.newsclub.net.unix.AFUNIXSocketFactory;
import org.postgresql.PGProperty;

/// Translates our configuration into pgjdbc's URL and properties.
final class ConnectionSettings {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(60);

  private final PostgresConfig config;

  ConnectionSettings(PostgresConfig config) {
    this.config = config;
  }

  String url() {
    // pgjdbc wants a host even where the socket factory ignores it.
    String host = config.overUnixSocket() ? "localhost" : config.host();
    String literal = host.contains(":") ? "[" + host + "]" : host;
    return "jdbc:postgresql://" + literal + ":" + config.port() + "/";
  }

  Properties properties() {
    Properties properties = new Properties();
    PGProperty.PG_DBNAME.set(properties, config.database());
    PGProperty.USER.set(properties, config.user());
    PGProperty.APPLICATION_NAME.set(properties, "pgbackup");
    PGProperty.CONNECT_TIMEOUT.set(properties, (int) CONNECT_TIMEOUT.toSeconds());
    PGProperty.SOCKET_TIMEOUT.set(properties, (int) ANSWER_TIMEOUT.toSeconds());
    PGProperty.TCP_KEEP_ALIVE.set(properties, true);
    config
        .passwordFile()
        .ifPresent(file -> PGProperty.PASSWORD.set(properties, readPassword(file)));
    if (config.overUnixSocket()) {
      PGProperty.SSL_MODE.set(properties, "disable");
      PGProperty.SOCKET_FACTORY.set(properties, AFUNIXSocketFactory.FactoryArg.class.getName());
      PGProperty.SOCKET_FACTORY_ARG.set(properties, config.host() + "/.s.PGSQL." + config.port());
    } else {
      PGProperty.SSL_MODE.set(properties, config.sslMode());
      config
          .rootCertFile()
          .ifPresent(file -> PGProperty.SSL_ROOT_CERT.set(properties, file.toString()));
    }
    return properties;
  }

  private static String readPassword(Path file) {
    try {
      return Files.readString(file).replaceFirst("[\\r\\n]+$", "");
    } catch (IOException e) {
      throw Problem.misconfigured(
              "the password file " + file + " cannot be read: " + e,
              "Check postgres.passwordFile and its permissions.")
          .causedBy(e);
    }
  }
}
