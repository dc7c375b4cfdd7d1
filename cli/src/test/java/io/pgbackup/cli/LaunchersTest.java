package io.pgbackup.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LaunchersTest {
  /// Each launcher is one file, so that a copy of it works wherever the jars lie beside it.
  @Test
  void bothLaunchersFindJavaAndJarsInTheSameWay() throws IOException {
    assertThat(common(Path.of("../agent/pgbackup-agent"))).isEqualTo(common(Path.of("pgbackup")));
  }

  /// `kubectl pgbackup` finds it on PATH, through a link too, and runs the program that lies beside
  /// it.
  @Test
  void thePluginOfKubectlPassesEveryWordOn(@TempDir Path folder) throws Exception {
    Path programs = Files.createDirectories(folder.resolve("programs with a space"));
    Path plugin = programs.resolve("kubectl-pgbackup");
    Files.copy(Path.of("kubectl-pgbackup"), plugin, StandardCopyOption.COPY_ATTRIBUTES);
    Path program = programs.resolve("pgbackup");
    Files.writeString(program, "#!/bin/sh\nprintf '<%s>' \"$@\"\nexit 4\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path link = Files.createSymbolicLink(folder.resolve("kubectl-pgbackup"), plugin);

    Process process =
        new ProcessBuilder(link.toString(), "clusters", "-n", "a b", "*")
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(said).isEqualTo("<clusters><-n><a b><*>");
    assertThat(process.waitFor()).isEqualTo(4);
  }

  private static List<String> common(Path launcher) throws IOException {
    List<String> lines = Files.readAllLines(launcher);
    int from = lines.indexOf("# ---- the same in cli/pgbackup and agent/pgbackup-agent ----");
    int to = lines.indexOf("# ---- end of what is the same ----");
    return lines.subList(from, to);
  }
}
