package io.pgbackup.postgres.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ArchiverStatsTest {
  private static final Instant NOW = Instant.parse("2026-08-21T02:00:00Z");
  private static final Lsn CURRENT = Lsn.parse("0/5000100");

  @Test
  void countsFromTheOldestWaitingSegment() {
    ArchiverStats stats = stats(Optional.of(waiting("0/3000000", NOW.minusSeconds(90))));

    assertThat(stats.lag()).isEqualTo(Duration.ofSeconds(90));
    assertThat(stats.lagBytes()).isEqualTo(0x2000100);
  }

  @Test
  void withoutAWaitingSegmentOnlyTheUnfinishedOneIsMissing() {
    ArchiverStats stats = stats(Optional.empty());

    assertThat(stats.lag()).isZero();
    assertThat(stats.lagBytes()).isEqualTo(0x100);
  }

  @Test
  void aMarkFromTheFutureIsNoNegativeLag() {
    assertThat(stats(Optional.of(waiting("0/4000000", NOW.plusSeconds(1)))).lag()).isZero();
  }

  private static ArchiverStats.Waiting waiting(String start, Instant since) {
    return new ArchiverStats.Waiting(segment(Lsn.parse(start)), since);
  }

  private static WalSegment segment(Lsn lsn) {
    return WalSegment.containing(Timeline.FIRST, lsn, WalSegmentSize.DEFAULT);
  }

  private static ArchiverStats stats(Optional<ArchiverStats.Waiting> oldest) {
    return new ArchiverStats(
        Optional.empty(),
        Optional.empty(),
        0,
        0,
        CURRENT,
        segment(CURRENT),
        oldest,
        oldest.isPresent() ? 1 : 0,
        NOW);
  }
}
