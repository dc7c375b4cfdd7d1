package io.pgbackup.postgres.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.config.PgBackupConfig.ServerTls;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.testing.PrivateFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConnectionSettingsTest {
  @TempDir private Path folder;

  @Test
  void aHostThatBeginsWithASlashIsTheDirectoryOfAUnixSocket() {
    ConnectionSettings settings = settings("/run/postgresql", Optional.empty());

    assertThat(settings.url()).isEqualTo("jdbc:postgresql://localhost:5433/");
    assertThat(settings.properties())
        .containsEntry("socketFactoryArg", "/run/postgresql/.s.PGSQL.5433")
        .containsEntry("sslmode", "disable");
  }

  @Test
  void overTcpTheConfiguredSslModeAndAuthorityHold() {
    ConnectionSettings settings = settings("2001:db8::1", Optional.empty());

    assertThat(settings.url()).isEqualTo("jdbc:postgresql://[2001:db8::1]:5433/");
    assertThat(settings.properties())
        .containsEntry("sslmode", "verify-full")
        .containsEntry("sslrootcert", "/etc/ca.pem")
        .doesNotContainKey("socketFactory");
  }

  @Test
  void thePasswordIsReadAnewEachTime() throws IOException {
    Path file = PrivateFile.write(folder.resolve("password"), "first\n");
    ConnectionSettings settings = settings("db1", Optional.of(file));
    assertThat(settings.properties()).containsEntry("password", "first");

    Files.writeString(file, "second\r\n");

    assertThat(settings.properties()).containsEntry("password", "second");
  }

  @Test
  void aMissingPasswordFileIsNamed() {
    Path missing = folder.resolve("missing");

    assertThatThrownBy(() -> settings("db1", Optional.of(missing)).properties())
        .isInstanceOf(PgBackupException.class)
        .hasMessageContaining(missing.toString());
  }

  private static ConnectionSettings settings(String host, Optional<Path> passwordFile) {
    return new ConnectionSettings(
        new PostgresConfig(
            host,
            5433,
            "backup",
            "postgres",
            passwordFile,
            new ServerTls("verify-full", Optional.of(Path.of("/etc/ca.pem")), Optional.empty()),
            Path.of("/data")));
  }
}
