package io.pgbackup.engine.walg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WalgBinaryTest {
  @TempDir private Path folder;

  @Test
  void saysWhichVersionItIs() throws IOException {
    Path file = StandIn.versioned(folder, "exit 1");

    assertThat(WalgBinary.ask(file, folder)).isEqualTo(new WalgBinary(file, "v3.0.9"));
  }

  @Test
  void aNewerOneIsTaken() throws IOException {
    Path file = StandIn.script(folder, "printf 'wal-g version v4.1\\t1\\t2\\tPostgreSQL\\n'");

    assertThat(WalgBinary.ask(file, folder).version()).isEqualTo("v4.1");
  }

  @Test
  void anOldOneIsRefused() throws IOException {
    assertRefused(
        StandIn.script(folder, "printf 'wal-g version v2.0.1\\t1\\t2\\tPostgreSQL\\n'"),
        "is wal-g v2.0.1, which is too old");
  }

  @Test
  void oneForAnotherDatabaseIsRefused() throws IOException {
    assertRefused(
        StandIn.script(folder, "printf 'wal-g version v3.0.9\\t1\\t2\\tMySQL\\n'"),
        "does not say that it is wal-g for PostgreSQL: wal-g version v3.0.9");
  }

  @Test
  void anotherProgramIsRefused() {
    assertRefused(Path.of("/bin/echo"), "does not say that it is wal-g for PostgreSQL");
    assertRefused(Path.of("/bin/false"), "--version failed (exit status 1), and said nothing");
  }

  @Test
  void aProgramForAnotherMachineIsRefused() throws IOException {
    Path file = Files.write(folder.resolve("wal-g"), new byte[] {0x7f, 'E', 'L', 'F', 9, 9, 9});
    assertThat(file.toFile().setExecutable(true)).isTrue();

    assertRefused(file, "could not be executed");
  }

  @Test
  void aMissingOneAndOneThatMayNotBeExecutedAreToldApart() throws IOException {
    assertRefused(folder.resolve("nothing"), "there is no wal-g at " + folder.resolve("nothing"));
    assertRefused(
        Files.createFile(folder.resolve("file")), "may not be executed by the agent's user");
  }

  private void assertRefused(Path file, String reason) {
    assertThatThrownBy(() -> WalgBinary.ask(file, folder))
        .hasMessageContaining(reason)
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e -> {
              assertThat(e.problem()).isInstanceOf(Problem.Misconfigured.class);
              assertThat(e.problem().hint().orElseThrow()).contains("engine.walgBinary");
            });
  }
}
