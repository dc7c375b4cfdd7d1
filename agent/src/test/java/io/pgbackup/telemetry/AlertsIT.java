package io.pgbackup.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Prometheus' own tool judges the alerting rules.
class AlertsIT {
  private static final Path DOCS = Path.of("..", "docs").toAbsolutePath().normalize();

  @Test
  void theRulesAreValid() throws Exception {
    assertThat(promtool("check", "rules", "alerts.yaml")).contains("SUCCESS");
  }

  @Test
  void theRulesFireWhenTheyShallAndNotBefore() throws Exception {
    assertThat(promtool("test", "rules", "alerts-test.yaml")).contains("SUCCESS");
  }

  private static String promtool(String... arguments) throws IOException, InterruptedException {
    Optional<Path> program = onPath();
    assumeTrue(program.isPresent(), "promtool is not on PATH");
    List<String> command =
        Stream.concat(program.stream().map(Path::toString), Arrays.stream(arguments)).toList();
    Process process =
        new ProcessBuilder(command).directory(DOCS.toFile()).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  private static Optional<Path> onPath() {
    return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        .map(folder -> Path.of(folder, "promtool"))
        .filter(Files::isExecutable)
        .findFirst();
  }
}
