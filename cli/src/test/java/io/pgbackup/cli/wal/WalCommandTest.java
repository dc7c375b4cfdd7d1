package io.pgbackup.cli.wal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WalCommandTest {
  private static final String SEGMENT = "000000010000000000000001";

  @TempDir private Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private Optional<Integer> run(Map<String, String> environment, String... words) {
    return WalCommand.run(
        List.of(words),
        environment,
        new PrintStream(out, true, UTF_8),
        new PrintStream(err, true, UTF_8));
  }

  private Optional<Integer> run(String... words) {
    return run(Map.of(), words);
  }

  @Test
  void otherVerbsAreLeftToOthers() {
    assertThat(run("window", "--cluster", "wal")).isEmpty();
    assertThat(err.toString(UTF_8)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "wal push",
        "wal push a b",
        "wal push --nonsense a",
        "wal push postgresql.conf",
        "wal push --socket /nowhere/archive.sock " + SEGMENT
      })
  void aPushThatDoesNotStoreIsOneAndNeverEndsTheArchiver(String line) {
    assertThat(run(line.split(" "))).contains(1);
    assertThat(err.toString(UTF_8)).startsWith("ERROR: ").contains("HINT: ");
    assertThat(out.toString(UTF_8)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "wal",
        "wal fetsh a b",
        "wal fetch",
        "wal fetch " + SEGMENT,
        "wal fetch --nonsense " + SEGMENT + " b",
        "wal fetch postgresql.conf b",
        "wal fetch --socket /nowhere/archive.sock " + SEGMENT + " b"
      })
  void aFetchThatFailsIsNeverTheEndOfWal(String line) {
    assertThat(run(line.split(" "))).contains(126);
    assertThat(err.toString(UTF_8)).startsWith("ERROR: ").contains("HINT: ");
  }

  @Test
  void theSocketComesFromTheOptionThenTheEnvironmentThenTheConfiguration() throws IOException {
    Path config = folder.resolve("agent.yaml");
    Files.writeString(
        config,
        """
        cluster: { name: orders }
        storage: { url: "file:///tmp" }
        wal: { socket: /configured/archive.sock }
        """);
    Path segment = Files.write(folder.resolve(SEGMENT), new byte[16]);
    Map<String, String> environment = Map.of("PGBACKUP_WAL_SOCKET", "/environment/archive.sock");

    run(environment, "wal", "push", "--socket", "/option/archive.sock", segment.toString());
    run(environment, "--config", config.toString(), "wal", "push", segment.toString());
    run("--config", config.toString(), "wal", "push", segment.toString());
    run("wal", "push", segment.toString());

    assertThat(err.toString(UTF_8))
        .containsSubsequence(
            "/option/archive.sock",
            "/environment/archive.sock",
            "/configured/archive.sock",
            "/run/pgbackup/archive.sock");
  }

  @Test
  void helpIsData() {
    assertThat(run("wal", "fetch", "--help")).contains(0);
    assertThat(out.toString(UTF_8)).contains("archive_command", "126");
  }
}
