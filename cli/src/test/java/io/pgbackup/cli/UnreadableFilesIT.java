package io.pgbackup.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.cli.InstalledLauncher.Result;
import io.pgbackup.postgres.process.Trees;
import io.pgbackup.testing.ArchiveCommand;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.FreePort;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// P59: a base backup as the server's own user, of a data directory in which something is not that
/// user's: what is left out of a backup is missed at the restore.
class UnreadableFilesIT {
  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  @Test
  void areNamedAndNoBackupIsOfferedWithoutThem() throws IOException {
    Path spool = folder.resolve("spool");
    Path socket = folder.resolve("archive.sock");
    try (TestPostgres postgres =
            TestPostgres.builder(PostgresRelease.NEWEST)
                .archivingBy(spool)
                .create(folder.resolve("data"));
        ArchiveCommand _ = new ArchiveCommand(spool, socket, postgres.dataDirectory())) {
      postgres.start();
      InstalledLauncher launcher =
          InstalledLauncher.in(Files.createDirectory(folder.resolve("home")));
      String config = config(postgres, socket);
      postgres.user().own(folder);
      Path file = lock(Files.writeString(postgres.dataDirectory().resolve("root.crt"), "x"));
      refuses(run(postgres, launcher, config), file);
      Files.delete(file);
      Path directory = Files.createDirectory(postgres.dataDirectory().resolve("lost+found"));
      lock(directory);
      refuses(run(postgres, launcher, config), directory);
      Trees.delete(directory);

      Result after = run(postgres, launcher, config);

      assertThat(after.status()).as(after.err()).isZero();
      assertThat(after.out()).startsWith("base_");
    }
  }

  private String config(TestPostgres postgres, Path socket) throws IOException {
    Path store = Files.createDirectory(folder.resolve("store"));
    postgres.user().own(store);
    return Files.writeString(
            folder.resolve("agent.yaml"),
            """
            cluster: { name: orders }
            postgres: { host: %s, port: %d, dataDirectory: %s }
            storage: { url: "file://%s" }
            wal: { socket: %s }
            http: { listen: "127.0.0.1:%d" }
            """
                .formatted(
                    postgres.socketDirectory(),
                    postgres.port(),
                    postgres.dataDirectory(),
                    store,
                    socket,
                    FreePort.find()))
        .toString();
  }

  /// Made by this process: where that is root's, the server's user could not even give itself the
  /// right.
  private static Path lock(Path path) throws IOException {
    return Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("---------"));
  }

  private Result run(TestPostgres postgres, InstalledLauncher launcher, String config) {
    return InstalledLauncher.run(
        folder,
        Map.of("PATH", System.getenv("PATH"), "JAVA_HOME", System.getProperty("java.home")),
        postgres.user().command(launcher.command(List.of("--config", config, "backup"))));
  }

  private void refuses(Result result, Path path) throws IOException {
    assertThat(result.status()).as(result.err()).isEqualTo(2);
    assertThat(result.out()).isEmpty();
    assertThat(result.err())
        .contains("ERROR: " + path + " cannot be read: permission denied")
        .contains(
            "HINT: Run the agent as the server's user, or as one that may read all its files.");
    try (var files = Files.walk(folder.resolve("store"))) {
      assertThat(files.filter(Files::isRegularFile).map(Path::toString))
          .isNotEmpty()
          .noneMatch(key -> key.contains("/basebackups_005/"));
    }
  }
}
