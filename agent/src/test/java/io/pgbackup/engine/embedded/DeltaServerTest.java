package io.pgbackup.engine.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.engine.format.BackupName;
import io.pgbackup.postgres.ControlFile;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.postgres.jdbc.ServerFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What may stand between two backups so that positions of pages can be compared.
class DeltaServerTest {
  private static final BackupName PARENT = new BackupName("base_000000010000000000000002");
  private static final SystemIdentifier OURS = new SystemIdentifier(7);

  @TempDir private Path data;

  @Test
  void theSameKindOfPagesOfTheSameClusterCanBeCompared() {
    assertThatCode(() -> server(1, true, 8192).requireSamePages(control(OURS, true), PARENT))
        .doesNotThrowAnyException();
  }

  @Test
  void checksumsThatWereSwitchedLeaveNoTraceInPositions() {
    assertThatThrownBy(() -> server(1, true, 8192).requireSamePages(control(OURS, false), PARENT))
        .hasMessageContaining("page checksums were switched on since " + PARENT);
    assertThatThrownBy(() -> server(1, false, 8192).requireSamePages(control(OURS, true), PARENT))
        .hasMessageContaining("switched off");
  }

  @Test
  void anotherClusterAndAnotherPageSizeAreRefused() {
    assertThatThrownBy(
            () ->
                server(1, true, 8192)
                    .requireSamePages(control(new SystemIdentifier(8), true), PARENT))
        .hasMessageContaining("is of system identifier 8, and the server of 7");
    assertThatThrownBy(() -> server(1, true, 16384).requireSamePages(control(OURS, true), PARENT))
        .hasMessageContaining("pages have 16384 bytes");
  }

  @Test
  void aParentMustHaveEndedBeforeItsTimelineWasLeft() throws IOException {
    Files.createDirectory(data.resolve("pg_wal"));
    Files.writeString(
        data.resolve("pg_wal/00000003.history"),
        "1\t0/5000000\tno recovery target specified\n2\t0/7000000\tno recovery target specified\n");
    DeltaServer server = server(3, true, 8192);

    assertThatCode(() -> server.requireSameHistory(PARENT, Lsn.parse("0/5000000")))
        .doesNotThrowAnyException();
    assertThatThrownBy(() -> server.requireSameHistory(PARENT, Lsn.parse("0/5000001")))
        .hasMessageContaining("ended at 0/5000001 on timeline");
    assertThatThrownBy(
            () ->
                server.requireSameHistory(
                    new BackupName("base_000000040000000000000002"), Lsn.parse("0/3000000")))
        .hasMessageContaining("does not come from");
  }

  @Test
  void aServerThatWasStartedSinceMayHaveLostTimes() throws IOException {
    Files.writeString(data.resolve("postmaster.pid"), "4711\n/data\n1700000000\n5432\n\n\n");
    DeltaServer server = server(1, true, 8192);

    assertThat(server.hasRunSince(Instant.ofEpochSecond(1_700_000_060))).isTrue();
    assertThat(server.hasRunSince(Instant.ofEpochSecond(1_700_000_000, 999_000_000))).isFalse();
    Files.delete(data.resolve("postmaster.pid"));
    assertThat(server.hasRunSince(Instant.ofEpochSecond(1_700_000_060))).isFalse();
  }

  private DeltaServer server(int timeline, boolean checksums, int blockSize) {
    return new DeltaServer(
        new ServerFacts(
            new ServerVersion(180006),
            OURS,
            WalSegmentSize.DEFAULT,
            new Timeline(timeline),
            false,
            data,
            checksums,
            "on",
            "true",
            "",
            Duration.ZERO,
            blockSize,
            131072),
        data);
  }

  private static ControlFile control(SystemIdentifier identifier, boolean checksums) {
    return new ControlFile(
        identifier,
        1800,
        ControlFile.State.IN_PRODUCTION,
        new Lsn(1),
        new Lsn(1),
        Timeline.FIRST,
        new ControlFile.Floors(1, 1, 1, 1, 1),
        WalSegmentSize.DEFAULT,
        checksums);
  }
}
