package io.pgbackup.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.testing.GoldenArchive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `window --wal-verify`, with a stand-in for wal-g.
class WalVerifyTest {
  @TempDir private Path folder;

  @BeforeEach
  void archive() throws IOException {
    GoldenArchive.LZ4_DELTA.copy(Files.createDirectories(folder.resolve("store/orders")));
  }

  @Test
  void whatWalgFindsInOrderIsSaidBesideTheWindow() throws IOException {
    Run run = verify("OK", "engine: { walgBinary: %s }\n");

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.out()).contains("  from  ");
    assertThat(run.err()).isEqualTo("wal-g wal-verify: integrity OK, timeline OK\n");
  }

  @Test
  void whatWalgCallsLostIsAStatusForScripts() throws IOException {
    Run run = verify("FAILURE", "engine: { walgBinary: %s }\n");

    assertThat(run.status()).isEqualTo(7);
    assertThat(run.out()).contains("  from  ");
    assertThat(run.err()).contains("wal-g wal-verify: integrity FAILURE, timeline OK");
  }

  @Test
  void withoutAWalgThereIsNobodyToAsk() throws IOException {
    Run run = verify("OK", "# %s\n");

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).contains("engine.walgBinary names none");
  }

  private Run verify(String integrity, String engine) throws IOException {
    Path walg =
        Files.writeString(
            folder.resolve("stand-in-for-wal-g"),
            """
            #!/bin/sh
            if [ "$1" = --version ]; then
              printf 'wal-g version v3.0.9\\tstand-in\\tstand-in\\tPostgreSQL\\n'
              exit 0
            fi
            echo '{"integrity":{"status":"%s"},"timeline":{"status":"OK"}}'
            """
                .formatted(integrity));
    Files.setPosixFilePermissions(walg, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path config =
        Files.writeString(
            folder.resolve("pgbackup.yaml"),
            """
            cluster: { name: orders }
            postgres: { dataDirectory: %s/data }
            storage: { url: "file://%s/store", prefix: orders }
            """
                    .formatted(folder, folder)
                + engine.formatted(walg));
    return Run.of("--config", config.toString(), "window", "--wal-verify");
  }
}
