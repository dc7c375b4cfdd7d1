package io.pgbackup.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.GoldenArchive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// P13: what a person sees of WAL that is missing, over an archive that real WAL-G wrote.
class GapsVerbsTest {
  private static final String LOST = "000000010000000000000003";

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private Path archive;

  @BeforeEach
  void layOut() {
    archive = folder.resolve("demo");
    GoldenArchive.copyInto(archive);
  }

  private Run run(String... words) {
    return Run.of(
        Stream.concat(
                Stream.of("--store", "file://" + folder),
                Stream.concat(Stream.of(words), Stream.of("--prefix", "demo")))
            .toArray(String[]::new));
  }

  @Test
  void nothingMissingIsSaid() {
    assertThat(run("gaps", "list").out()).isEqualTo("no WAL is missing\n");
    assertThat(run("gaps", "list", "-o", "json").out().strip()).isEqualTo("[]");
  }

  @Test
  void whatIsKnownIsNoLongerALoss() throws IOException {
    Files.delete(archive.resolve("wal_005/" + LOST + ".lz4"));
    assertThat(run("gaps", "list").out()).contains(LOST + "  " + LOST + "  closed");

    Run ack = run("gaps", "ack", "--first", LOST, "--reason", "incident 812", "--owner", "alice");
    assertThat(ack.status()).as(ack.err()).isZero();
    assertThat(ack.out()).contains("acknowledged");

    assertThat(run("gaps", "list").out()).contains(LOST + "  " + LOST + "  acknowledged");
    assertThat(run("window").out()).contains(LOST + " to " + LOST + ", acknowledged");
    try (Stream<Path> marks = Files.list(archive.resolve("pgbackup/gaps"))) {
      List<Path> all = marks.filter(Files::isRegularFile).toList();
      assertThat(all).hasSize(1);
      assertThat(Files.readString(all.getFirst())).contains("incident 812", "alice");
    }
    assertThat(run("gaps", "ack", "--first", LOST, "--reason", "again").status())
        .as("safe to repeat")
        .isZero();
  }

  @Test
  void aGapThatIsNotThereIsRefused() {
    Run ack = run("gaps", "ack", "--first", LOST, "--reason", "incident 812");

    assertThat(ack.status()).isEqualTo(9);
    assertThat(ack.err()).contains("no gap begins at " + LOST, "pgbackup gaps list");
  }
}
