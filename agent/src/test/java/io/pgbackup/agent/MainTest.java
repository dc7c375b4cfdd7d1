package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.problem.ExitStatus;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MainTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private ExitStatus run(String... arguments) {
    return new Main(
            Map.of(),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8))
        .run(List.of(arguments));
  }

  private String errors() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void saysHowItIsStarted() {
    assertThat(run("--help")).isEqualTo(ExitStatus.DONE);
    assertThat(out.toString(StandardCharsets.UTF_8))
        .startsWith("Usage: pgbackup-agent --config FILE");
  }

  @Test
  void saysItsVersion() {
    assertThat(run("--version")).isEqualTo(ExitStatus.DONE);
    assertThat(out.toString(StandardCharsets.UTF_8))
        .matches("pgbackup-agent \\d+\\.\\d+\\.\\d+.*\\R");
  }

  @Test
  void needsAConfiguration() {
    assertThat(run()).isEqualTo(ExitStatus.USAGE);
    assertThat(errors())
        .isEqualTo(
            """
            pgbackup-agent: no configuration is named
            HINT: Start it as pgbackup-agent --config FILE; --help says more.
            """);
  }

  @Test
  void understandsNothingElse() {
    assertThat(run("--config")).isEqualTo(ExitStatus.USAGE);
    assertThat(run("--verbose", "x")).isEqualTo(ExitStatus.USAGE);
    assertThat(errors())
        .contains("'--config' is not understood", "'--verbose x' is not understood");
  }

  @Test
  void exitsWithEveryFaultOfItsConfiguration(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("agent.yaml"), "storage: { buket: a }");

    assertThat(run("--config", file.toString())).isEqualTo(ExitStatus.USAGE);
    assertThat(errors())
        .startsWith("pgbackup-agent: configuration " + file + " has 3 problems:\n  cluster.name: ")
        .contains("\nHINT: ");
  }

  @Test
  void exitsWhereTheStoresDirectoryIsMissing(@TempDir Path folder) throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("agent.yaml"),
            "{cluster: {name: a}, storage: {url: 'file://%s/none'}}".formatted(folder));

    assertThat(run("--config=" + file)).isEqualTo(ExitStatus.USAGE);
    assertThat(errors()).contains(folder + "/none");
  }
}
