package io.pgbackup.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class LaunchersTest {
  /// Each launcher is one file, so that a copy of it works wherever the jars lie beside it.
  @Test
  void bothLaunchersFindJavaAndJarsInTheSameWay() throws IOException {
    assertThat(common(Path.of("../agent/pgbackup-agent"))).isEqualTo(common(Path.of("pgbackup")));
  }

  private static List<String> common(Path launcher) throws IOException {
    List<String> lines = Files.readAllLines(launcher);
    int from = lines.indexOf("# ---- the same in cli/pgbackup and agent/pgbackup-agent ----");
    int to = lines.indexOf("# ---- end of what is the same ----");
    return lines.subList(from, to);
  }
}
