package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.agent.LagTracker.Lag;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.postgres.jdbc.ArchiverStats;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LagTrackerTest {
  private static final Instant NOW = Instant.parse("2026-11-21T05:00:00Z");
  private static final Optional<Lsn> STORED = Optional.of(Lsn.parse("0/3000000"));

  private final LagTracker tracker = new LagTracker();

  private static ArchiverStats stats(int seconds, String lsn) {
    return stats(seconds, lsn, Optional.empty());
  }

  private static ArchiverStats stats(
      int seconds, String lsn, Optional<ArchiverStats.Waiting> waiting) {
    return new ArchiverStats(
        Optional.empty(),
        Optional.empty(),
        0,
        0,
        Lsn.parse(lsn),
        segment(lsn),
        waiting,
        waiting.isPresent() ? 1 : 0,
        NOW.plusSeconds(seconds));
  }

  private static WalSegment segment(String lsn) {
    return WalSegment.containing(Timeline.FIRST, Lsn.parse(lsn), WalSegmentSize.DEFAULT);
  }

  /// P82.
  @Test
  void nothingWaitsWhileOnlyTheUnfinishedSegmentIsMissing() {
    assertThat(tracker.observe(stats(0, "0/3000100"), STORED))
        .isEqualTo(new Lag(Duration.ZERO, 0x100));
    assertThat(tracker.observe(stats(9000, "0/3FFFFFF"), STORED))
        .isEqualTo(new Lag(Duration.ZERO, 0xFFFFFF));
  }

  @Test
  void countsFromTheMomentInWhichTheNextSegmentWasBegun() {
    tracker.observe(stats(0, "0/3000100"), STORED);
    assertThat(tracker.observe(stats(10, "0/4000100"), STORED))
        .isEqualTo(new Lag(Duration.ZERO, 0x1000100));
    assertThat(tracker.observe(stats(70, "0/6000000"), STORED))
        .isEqualTo(new Lag(Duration.ofSeconds(60), 0x3000000));
  }

  @Test
  void forgetsWhatArrived() {
    tracker.observe(stats(0, "0/4000100"), STORED);
    tracker.observe(stats(30, "0/5000100"), STORED);
    tracker.observe(stats(50, "0/6000100"), STORED);

    assertThat(tracker.observe(stats(60, "0/6000200"), Optional.of(Lsn.parse("0/4000000"))))
        .isEqualTo(new Lag(Duration.ofSeconds(30), 0x2000200));
    assertThat(tracker.observe(stats(60, "0/6000200"), Optional.of(Lsn.parse("0/6000000"))))
        .isEqualTo(new Lag(Duration.ZERO, 0x200));
  }

  @Test
  void takesTheServersMarkWhereItIsOlder() {
    var waiting =
        Optional.of(new ArchiverStats.Waiting(segment("0/3000000"), NOW.minusSeconds(500)));

    assertThat(tracker.observe(stats(0, "0/4000100", waiting), STORED).waiting())
        .isEqualTo(Duration.ofSeconds(500));
  }

  @Test
  void aMarkOnASegmentThatIsStoredMeansNothing() {
    var waiting =
        Optional.of(new ArchiverStats.Waiting(segment("0/2000000"), NOW.minusSeconds(500)));

    assertThat(tracker.observe(stats(0, "0/3000100", waiting), STORED).waiting()).isZero();
    assertThat(tracker.observe(stats(5, "0/4000100", waiting), STORED).waiting()).isZero();
  }

  /// P15.
  @Test
  void seesAnArchiveThatStaysEmptyAlthoughTheServerSaysThatAllIsArchived() {
    assertThat(tracker.observe(stats(0, "0/3000100"), Optional.empty()))
        .isEqualTo(new Lag(Duration.ZERO, 0x100));
    tracker.observe(stats(10, "0/4000100"), Optional.empty());
    assertThat(tracker.observe(stats(40, "0/4000200"), Optional.empty()))
        .isEqualTo(new Lag(Duration.ofSeconds(30), 0x1000200));
  }

  @Test
  void countsFromTheOldestWaitingSegmentOfAnEmptyArchive() {
    var waiting =
        Optional.of(new ArchiverStats.Waiting(segment("0/1000000"), NOW.minusSeconds(90)));

    assertThat(tracker.observe(stats(0, "0/3000100", waiting), Optional.empty()))
        .isEqualTo(new Lag(Duration.ofSeconds(90), 0x2000100));
  }
}
