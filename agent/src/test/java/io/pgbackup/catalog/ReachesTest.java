package io.pgbackup.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.engine.format.BackupName;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.postgres.wal.TransactionEnd;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// Segments here have 1 MiB and begin at 0/100000; offsets count from a segment's start.
class ReachesTest {
  private static final WalSegmentSize SIZE = new WalSegmentSize(1 << 20);
  private static final Instant NOON = Instant.parse("2026-08-20T12:00:00Z");

  private final TreeSet<WalSegment> segments = new TreeSet<>();
  private final Map<WalSegment, List<TransactionEnd>> ends = new HashMap<>();
  private final Set<WalSegment> broken = new HashSet<>();
  private final List<WalSegment> asked = new ArrayList<>();

  @Test
  void aBackupReachesTheGreatestTimeBehindIt() {
    segment(1);
    segment(2, at(0x100, 5), at(0x200, 7), at(0x300, 6));

    assertThat(reach(backup(1, 0x50, 0))).contains(seconds(7));
  }

  @Test
  void whatEndedBeforeTheBackupDidDoesNotCount() {
    // given: the primary's clock is ahead of the standby's, on which the backup was made
    segment(1, at(0x100, 50), at(0x300, 5));

    assertThat(reach(backup(1, 0x200, 0))).contains(seconds(5));
  }

  @Test
  void timesThatAreNotLaterThanTheBackupReachNothing() {
    segment(1, at(0x300, 5));

    assertThat(reach(backup(1, 0x200, 5))).isEmpty();
    assertThat(reach(backup(1, 0x200, 4))).contains(seconds(5));
  }

  @Test
  void aGreaterTimeInTheSegmentBeforeIsNotOverlooked() {
    segment(1);
    segment(2, at(0x100, 9));
    segment(3, at(0x100, 8));
    segment(4);

    assertThat(reach(backup(1, 0x50, 0))).contains(seconds(9));
  }

  @Test
  void theSearchEndsOneSegmentBehindTheFirstFind() {
    segment(1);
    segment(2, at(0x100, 1));
    segment(3, at(0x100, 2));
    segment(4, at(0x100, 3));
    segment(5);

    reach(backup(1, 0x50, 0));

    assertThat(asked).extracting(s -> s.start().value() >> 20).containsExactly(5L, 4L, 3L);
  }

  @Test
  void whatLiesBeforeEveryBackupIsNotRead() {
    segment(1, at(0x100, 1));
    segment(2);
    segment(3);

    assertThat(reach(backup(2, 0x50, 0))).isEmpty();
    assertThat(asked).extracting(s -> s.start().value() >> 20).containsExactly(3L, 2L);
  }

  @Test
  void behindABrokenSegmentRecoveryDoesNotGoOn() {
    // given
    segment(1);
    segment(2, at(0x100, 1));
    segment(3);
    broken.add(segment(4, at(0x100, 2)));
    segment(5, at(0x300, 9));
    BaseBackup before = backup(1, 0x50, 0);
    BaseBackup behind = backup(5, 0x50, 8);

    // when
    Map<BackupName, Instant> reach = reaches(before, behind);

    // then
    assertThat(reach)
        .containsOnly(Map.entry(before.name(), seconds(2)), Map.entry(behind.name(), seconds(9)));
  }

  @Test
  void aBrokenLastSegmentCountsAsFarAsItIsValid() {
    segment(1);
    broken.add(segment(2, at(0x100, 1)));

    assertThat(reach(backup(1, 0x50, 0))).contains(seconds(1));
  }

  @Test
  void aBackupWhoseOwnWalIsCutReachesNothing() {
    segment(2, at(0x100, 5));

    assertThat(reach(backup(1, 0x50, 0))).isEmpty();
  }

  private Optional<Instant> reach(BaseBackup backup) {
    asked.clear();
    return Optional.ofNullable(reaches(backup).get(backup.name()));
  }

  private Map<BackupName, Instant> reaches(BaseBackup... backups) {
    return Reaches.find(
        WalRun.along(TimelineHistory.root(Timeline.FIRST), SegmentSet.of(segments)),
        List.of(backups),
        (segment, _) -> {
          asked.add(segment);
          return SegmentEnds.of(ends.getOrDefault(segment, List.of()), !broken.contains(segment));
        });
  }

  private record At(int offset, int seconds) {}

  private static At at(int offset, int seconds) {
    return new At(offset, seconds);
  }

  private WalSegment segment(int number, At... found) {
    WalSegment segment = new WalSegment(Timeline.FIRST, new Lsn((long) number << 20), SIZE);
    segments.add(segment);
    ends.put(
        segment,
        Arrays.stream(found)
            .map(
                at ->
                    new TransactionEnd(
                        segment.start().plus(at.offset()),
                        segment.start().plus(at.offset() + 40L),
                        seconds(at.seconds())))
            .toList());
    return segment;
  }

  private static Instant seconds(int seconds) {
    return NOON.plusSeconds(seconds);
  }

  private static BaseBackup backup(int segment, int finish, int finishSeconds) {
    WalSegment start = new WalSegment(Timeline.FIRST, new Lsn((long) segment << 20), SIZE);
    return new BaseBackup(
        BackupName.full(start),
        start.start().plus(0x28),
        start.start().plus(finish),
        NOON,
        seconds(finishSeconds),
        new ServerVersion(180006),
        Optional.empty(),
        0,
        0,
        false,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }
}
