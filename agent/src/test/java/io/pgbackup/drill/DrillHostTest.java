package io.pgbackup.drill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.pgbackup.config.ConfigLoader;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A host is told what it lacks before anything is restored.
class DrillHostTest {
  @TempDir private Path folder;

  private PgBackupConfig config(Path directory) {
    return new ConfigLoader(Map.of())
        .parse(
            "test",
            """
            cluster: { name: orders }
            storage: { url: s3://backups }
            postgres: { dataDirectory: %s }
            drill: { enabled: true, directory: %s, pgBinDirectory: %s }
            """
                .formatted(folder.resolve("data"), directory, folder.resolve("bin")));
  }

  private Problem refusal(PgBackupConfig config) {
    PgBackupException refused =
        assertThatExceptionOfType(PgBackupException.class)
            .isThrownBy(() -> DrillHost.check(config))
            .actual();
    assertThat(refused.problem()).isInstanceOf(Problem.Misconfigured.class);
    return refused.problem();
  }

  @Test
  void aHostWithoutPostgresqlIsRefusedWithTheWayOut() throws IOException {
    Files.createDirectories(folder.resolve("data"));
    assertThat(DrillHost.check(config(folder))).as("no version is known yet").isEmpty();
    Files.writeString(folder.resolve("data/PG_VERSION"), "18\n");

    Problem problem = refusal(config(folder));

    assertThat(problem.message())
        .isEqualTo(
            "drill.enabled is true, and there is no program postgres in " + folder.resolve("bin"));
    assertThat(problem.hint().orElseThrow())
        .contains("PostgreSQL 18's programs in drill.pgBinDirectory", "'pgbackup drill'");
  }

  @Test
  void theDirectoryLiesOutsideOfTheDataAndCanBeWritten() throws IOException {
    assertThat(refusal(config(folder.resolve("data/drills"))).message())
        .contains("lies in the data directory");
    Path file = Files.createFile(folder.resolve("file"));
    assertThat(refusal(config(file)).message()).contains("cannot be written");
  }
}
