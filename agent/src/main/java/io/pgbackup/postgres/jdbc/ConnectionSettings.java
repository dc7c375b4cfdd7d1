package io.pgbackup.postgres.jdbc;

import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.config.PgBackupConfig.ServerTls;
import io.pgbackup.secret.SecretFile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import org.newsclub.net.unix.AFUNIXSocketFactory;

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
    properties.setProperty("PGDBNAME", config.database());
    properties.setProperty("user", config.user());
    properties.setProperty("ApplicationName", "pgbackup");
    properties.setProperty("connectTimeout", seconds(CONNECT_TIMEOUT));
    properties.setProperty("socketTimeout", seconds(ANSWER_TIMEOUT));
    properties.setProperty("tcpKeepAlive", "true");
    config.passwordFile().ifPresent(f -> properties.setProperty("password", readPassword(f)));
    if (config.overUnixSocket()) {
      properties.setProperty("sslmode", "disable");
      properties.setProperty("socketFactory", AFUNIXSocketFactory.FactoryArg.class.getName());
      properties.setProperty("socketFactoryArg", config.host() + "/.s.PGSQL." + config.port());
    } else {
      secure(properties, config.tls());
    }
    return properties;
  }

  private static void secure(Properties properties, ServerTls tls) {
    properties.setProperty("sslmode", tls.mode());
    tls.rootCertFile().ifPresent(f -> properties.setProperty("sslrootcert", f.toString()));
    tls.client().ifPresent(client -> ClientCertificates.show(client, properties));
  }

  private static String seconds(Duration duration) {
    return Long.toString(duration.toSeconds());
  }

  private static String readPassword(Path file) {
    return SecretFile.line(file, "password file");
  }
}
