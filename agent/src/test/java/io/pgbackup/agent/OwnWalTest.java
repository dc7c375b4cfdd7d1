package io.pgbackup.agent;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.config.PgBackupConfig.ServerTls;
import io.pgbackup.lineage.OwnServer.Answer;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.PgBackupException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OwnWalTest {
  private static final WalFileName NAME = WalFileName.parse("00000002.history");

  @TempDir private Path data;
  private OwnWal server;

  @BeforeEach
  void aServerThatDoesNotAnswer() {
    server =
        OwnWal.of(
            new PostgresConfig(
                data.toString(),
                5432,
                "postgres",
                "postgres",
                Optional.empty(),
                new ServerTls("prefer", Optional.empty(), Optional.empty()),
                data));
  }

  @Test
  void comparesFilesWithoutAskingTheServer() throws IOException {
    Path file = Files.createDirectory(data.resolve("pg_wal")).resolve(NAME.text());
    assertThat(server.holds(NAME, bytes("1\t0/3000000"))).isEqualTo(Answer.OTHER);

    Files.write(file, bytes("1\t0/3000000"));

    assertThat(server.holds(NAME, bytes("1\t0/3000000"))).isEqualTo(Answer.SAME);
    assertThat(server.holds(NAME, bytes("1\t0/4000000"))).isEqualTo(Answer.OTHER);
    assertThat(server.holds(NAME, bytes("1\t0/300000"))).isEqualTo(Answer.OTHER);
    assertThat(server.holds(NAME, bytes("1\t0/30000000"))).isEqualTo(Answer.OTHER);
  }

  @Test
  void aDirectoryThatCannotBeSeenAndAServerThatIsAwayIsNoAnswerForGood() {
    assertThatThrownBy(() -> server.holds(NAME, bytes("1\t0/3000000")))
        .satisfies(e -> assertThat(((PgBackupException) e).problem().retryMayHelp()).isTrue())
        .hasMessageContaining("cannot be found out");
  }

  private static byte[] bytes(String text) {
    return text.getBytes(US_ASCII);
  }
}
