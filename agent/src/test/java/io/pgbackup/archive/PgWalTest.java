package io.pgbackup.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PgWalTest {
  private static final WalFileName SEGMENT = WalFileName.parse("000000010000000000000001");

  @TempDir private Path data;
  private Path files;
  private PgWal pgWal;

  @BeforeEach
  void makePgWal() throws IOException {
    files = data.resolve("pg_wal");
    Files.createDirectories(files.resolve("archive_status"));
    pgWal = new PgWal(data);
  }

  @ParameterizedTest
  @ValueSource(strings = {".ready", ".done"})
  void readsWhatPostgresqlHasFinished(String mark) throws IOException {
    Files.write(files.resolve(SEGMENT.text()), new byte[] {1, 2});
    Files.createFile(files.resolve("archive_status").resolve(SEGMENT.text() + mark));

    assertThat(pgWal.size(SEGMENT)).isEqualTo(2);
    assertThat(pgWal.read(SEGMENT, byte[]::new)).containsExactly(1, 2);
  }

  @Test
  void refusesASegmentThatIsStillBeingWritten() throws IOException {
    Files.write(files.resolve(SEGMENT.text()), new byte[] {1, 2});

    assertRefused(() -> pgWal.size(SEGMENT));
  }

  @Test
  void listsWhatWaitsBehindASegment() throws IOException {
    WalFileName.Segment first = new WalFileName.Segment(SEGMENT.text());
    for (String name :
        List.of(
            "000000010000000000000003.ready",
            "000000010000000000000002.ready",
            "000000010000000000000001.ready",
            "000000010000000000000004.done",
            "000000020000000000000005.ready",
            "00000002.history.ready")) {
      Files.createFile(files.resolve("archive_status").resolve(name));
    }

    assertThat(pgWal.readyBehind(first, 10))
        .extracting(WalFileName::text)
        .containsExactly("000000010000000000000002", "000000010000000000000003");
    assertThat(pgWal.readyBehind(first, 1)).hasSize(1);
    assertThat(new PgWal(data.resolve("elsewhere")).readyBehind(first, 10)).isEmpty();
  }

  @Test
  void refusesALinkThatLeadsElsewhere() throws IOException {
    Path secret = Files.writeString(data.resolve("secret"), "x");
    Files.createSymbolicLink(files.resolve(SEGMENT.text()), secret);
    Files.createFile(files.resolve("archive_status").resolve(SEGMENT.text() + ".ready"));

    assertRefused(() -> pgWal.size(SEGMENT));
  }

  /// P22.
  @ParameterizedTest
  @ValueSource(strings = {"pg_wal/RECOVERYXLOG", "./pg_wal/RECOVERYXLOG"})
  void aDestinationLiesInPgWal(String text) {
    assertThat(pgWal.destination(text)).isEqualTo(files.resolve("RECOVERYXLOG"));
    assertThat(pgWal.destination(data + "/pg_wal/RECOVERYXLOG"))
        .isEqualTo(files.resolve("RECOVERYXLOG"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "RECOVERYXLOG",
        "/etc/passwd",
        "pg_wal",
        "pg_wal/",
        "pg_wal/..",
        "pg_wal/../postgresql.conf",
        "pg_wal/archive_status/x",
        "pg_wal/.hidden",
        "pg_wal/a\nb",
        "base/1/1"
      })
  void everyOtherDestinationIsRefused(String text) {
    assertRefused(() -> pgWal.destination(text));
  }

  @Test
  void deliversAWholeFileThatOnlyTheServerReads() throws IOException {
    Path destination = files.resolve("RECOVERYXLOG");

    deliver(destination, new byte[] {1, 2, 3});

    assertThat(destination).hasBinaryContent(new byte[] {1, 2, 3});
    assertThat(Files.getPosixFilePermissions(destination)).hasSize(2);
    assertThat(Files.getOwner(destination)).isEqualTo(Files.getOwner(data));
    assertThat(files).isDirectoryNotContaining("glob:**.tmp");
  }

  @Test
  void neverReplacesAFile() throws IOException {
    Path destination = Files.write(files.resolve(SEGMENT.text()), new byte[] {9});

    assertRefused(() -> deliver(destination, new byte[] {1}));

    assertThat(destination).hasBinaryContent(new byte[] {9});
    assertThat(files).isDirectoryNotContaining("glob:**.tmp");
  }

  private static void assertRefused(Runnable action) {
    assertThatThrownBy(action::run)
        .extracting(e -> ((PgBackupException) e).problem())
        .isInstanceOf(Problem.Refused.class);
  }

  private void deliver(Path destination, byte[] content) {
    var slots = new TransferSlots(1);
    try (var slot = slots.take(content.length, Duration.ZERO)) {
      pgWal.deliver(destination, new Fetched.InMemory(content), slot);
    }
  }
}
