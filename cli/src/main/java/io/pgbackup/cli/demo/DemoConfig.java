package io.pgbackup.cli.demo;

import io.pgbackup.postgres.process.ServerUser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/// Writes what a person would write: the agent's file and PostgreSQL's settings.
record DemoConfig(DemoDirectory directory, ServerUser user) {
  static final String CLUSTER = "shop";
  static final String SCHEDULE = "* * * * *";

  void writeAgentConfig(DemoServer server, DemoStore store, int httpPort) {
    StringBuilder yaml =
        new StringBuilder(
            """
            cluster: { name: %s, namespace: demo }
            postgres:
              host: %s
              port: %d
              dataDirectory: %s
            storage:
              url: %s
            """
                .formatted(
                    CLUSTER,
                    server.socketDirectory(),
                    server.port(),
                    server.dataDirectory(),
                    store.url()));
    store.endpoint().ifPresent(endpoint -> yaml.append("  endpoint: " + endpoint + "\n"));
    store
        .keys()
        .ifPresent(
            keys ->
                yaml.append(
                    """
                      credentials:
                        accessKeyIdFile: %s
                        secretAccessKeyFile: %s
                    """
                        .formatted(
                            secret("access-key-id", keys.id()),
                            secret("secret-access-key", keys.secret()))));
    yaml.append(
        """
        wal: { socket: %s }
        backup: { schedule: "%s" }
        http: { listen: "127.0.0.1:%d" }
        """
            .formatted(socket(), SCHEDULE, httpPort));
    write(directory.config(), yaml.toString(), "rw-r--r--");
  }

  Path socket() {
    return directory.run().resolve("archive.sock");
  }

  /// Settings of a server that archives through the agent, `name = value`.
  List<String> archiving(Programs programs) {
    return List.of(
        "archive_mode = on",
        // PostgreSQL hands its environment on, and a JDK 25 may lie where no launcher would look
        "archive_command = 'JAVA_HOME=\"%s\" \"%s\" wal push --socket \"%s\" %%p'"
            .formatted(programs.javaHome(), programs.pgbackup(), socket()),
        "archive_timeout = 10s");
  }

  /// Settings that keep a server to this machine.
  static List<String> local(Path socketDirectory, int port) {
    return List.of(
        "listen_addresses = '127.0.0.1'",
        "port = " + port,
        "unix_socket_directories = '" + socketDirectory + "'",
        "shared_buffers = 32MB",
        "timezone = 'UTC'",
        "log_timezone = 'UTC'");
  }

  /// Below what initdb wrote; the last setting counts.
  static void append(Path dataDirectory, List<String> settings) {
    try {
      Files.write(dataDirectory.resolve("postgresql.conf"), settings, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path secret(String name, String content) {
    Path file = directory.secret(name);
    write(file, content + "\n", "rw-------");
    user.own(file);
    return file;
  }

  private static void write(Path file, String content, String mode) {
    try {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.writeString(file, content);
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
