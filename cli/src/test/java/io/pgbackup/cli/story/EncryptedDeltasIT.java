package io.pgbackup.cli.story;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.pgbackup.cli.story.Installation.Answer;
import io.pgbackup.cli.story.ProtectedServer.Moment;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.S3Server;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// One server whose base backups are deltas and whose every byte is encrypted, from its agent to
/// the restored rows.
class EncryptedDeltasIT {
  private static final String KEY = "0123456789abcdef".repeat(4);

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private Path secret(String name, String content) throws IOException {
    Path file =
        Files.createFile(
            folder.resolve(name),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    return Files.writeString(file, content);
  }

  @Test
  void restoresFromAnEncryptedDeltaAndOnlyWithItsKey() throws IOException {
    S3Server s3 = S3Server.shared();
    StorageConfig storage = s3.storageConfig(s3.newBucket());
    String encrypted =
        """
        encryption: { method: libsodium, keyFile: %s, keyTransform: hex }
        backup: { deltaMaxSteps: 3, compression: zstd }
        """
            .formatted(secret("key", KEY + "\n"));
    try (ProtectedServer server =
        new ProtectedServer(PostgresRelease.NEWEST, folder, storage, encrypted)) {
      server.awaitBackups(server.uid(), 1);
      Moment full = server.write("after the full backup");
      server.archiveEverything();
      server.mustDo("backup");
      Moment delta = server.write("after the delta");
      server.archiveEverything();

      JsonNode backups = server.json("backups", "--cluster", "orders");
      assertThat(backups.findValuesAsText("deltaFrom"))
          .contains(backups.path(0).path("name").asText());
      for (Moment moment : List.of(full, delta)) {
        Path target = folder.resolve("restored-" + moment.content().size());
        server.mustDo(server.restore(moment.instant(), target));
        assertThat(server.contentOf(target)).isEqualTo(moment.content());
      }
      Answer wrong =
          server.pgbackup(
              withKey(server, secret("other", "f".repeat(64))),
              server.restore(delta.instant(), folder.resolve("never")));
      assertThat(wrong.status()).as("%s", wrong).isNotZero();
      assertThat(wrong.err()).contains("key");
      assertThat(folder.resolve("never")).doesNotExist();
    }
  }

  private Path withKey(ProtectedServer server, Path key) throws IOException {
    return Files.writeString(
        folder.resolve("other.yaml"),
        Files.readString(server.configuration())
            .replace(folder.resolve("key").toString(), key.toString()));
  }
}
