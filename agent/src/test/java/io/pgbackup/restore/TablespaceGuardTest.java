package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.engine.WalEngine;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.restore.CatalogModel.Span;
import io.pgbackup.testing.SyntheticWal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Over WAL in which CREATE TABLESPACE stands, at many places of a segment.
class TablespaceGuardTest {
  private static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");

  @TempDir private Path folder;

  private final SyntheticWal wal = SyntheticWal.create(new WalSegmentSize(1 << 20));
  private Path location;

  @BeforeEach
  void fillTheDirectory() throws IOException {
    location = Files.createDirectory(folder.resolve("a tablespace with a name of some length"));
    Files.createDirectories(location.resolve("PG_18_202506291/5"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aDirectoryInWhichSomethingLiesStopsRecovery(boolean recordSpansSegments) {
    wal.commit(NOON);
    if (recordSpansSegments) {
      wal.fillToTheBrim();
    }
    WalSegment segment = wal.current();
    wal.tablespace(16391, location.toString());
    wal.commit(NOON.plusSeconds(1));
    wal.switchSegment();

    assertThatThrownBy(() -> fetch(segment, new RecoveryTarget.Latest()))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e -> assertThat(e.problem()).isInstanceOf(Problem.Refused.class))
        .hasMessageContaining("the creation of tablespace 16391 in " + location);
  }

  @Test
  void anEmptyDirectoryIsLetThrough() throws IOException {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    WalSegment segment = wal.current();
    wal.tablespace(16391, empty.toString());
    wal.switchSegment();

    assertThat(fetch(segment, new RecoveryTarget.Latest())).contains(wal.content(segment));
  }

  @Test
  void aDirectoryThatIsAbsentIsAskedFor() {
    WalSegment segment = wal.current();
    wal.tablespace(16391, folder.resolve("absent").toString());
    wal.switchSegment();

    assertThatThrownBy(() -> fetch(segment, new RecoveryTarget.Latest()))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e -> assertThat(e.problem().hint().orElseThrow()).startsWith("Create that directory"))
        .hasMessageContaining("which is not there");
  }

  @Test
  void whatStandsBehindTheTargetIsNotReplayed() {
    WalSegment segment = wal.current();
    wal.commit(NOON);
    wal.commit(NOON.plusSeconds(10));
    wal.tablespace(16391, location.toString());
    wal.switchSegment();

    assertThat(fetch(segment, new RecoveryTarget.AtTime(NOON.plusSeconds(5)))).isPresent();
    assertThatThrownBy(() -> fetch(segment, new RecoveryTarget.AtTime(NOON.plusSeconds(10))))
        .hasMessageContaining("the creation of tablespace");
  }

  @Test
  void whatAnAttemptBeforeHasMadeIsOurs() throws IOException {
    Files.createDirectories(folder.resolve("data/pg_tblspc"));
    Files.createSymbolicLink(folder.resolve("data/pg_tblspc/16391"), location);
    WalSegment segment = wal.current();
    wal.tablespace(16391, location.toString());
    wal.switchSegment();

    assertThat(fetch(segment, new RecoveryTarget.Latest())).isPresent();
  }

  private Optional<byte[]> fetch(WalSegment segment, RecoveryTarget target) {
    RestorePlan latest =
        new RestorePlanner(ZoneOffset.UTC)
            .plan(
                CatalogModel.CLUSTER,
                List.of(
                    new CatalogModel(20, Set.of(), List.of(new Span(0, 0)), new LineageUid("uid"))
                        .catalog()),
                Optional.empty(),
                new RecoveryTarget.Latest());
    RestorePlan plan =
        new RestorePlan(
            latest.lineage(),
            target,
            latest.chain(),
            latest.path(),
            latest.segmentSize(),
            latest.wal());
    return new TablespaceGuard(
            new Written(wal), plan, folder.resolve("data"), ServerUser.forNewDirectory())
        .fetch(new WalFileName.Segment(segment.fileName()));
  }

  /// Segments as they are now.
  private record Written(SyntheticWal wal) implements WalEngine {
    @Override
    public Pushed push(WalFileName name, byte[] content) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Optional<byte[]> fetch(WalFileName name) {
      return wal.finished().stream()
          .filter(segment -> segment.fileName().equals(name.text()))
          .findFirst()
          .map(wal::content);
    }
  }
}
