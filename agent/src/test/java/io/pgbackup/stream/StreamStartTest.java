package io.pgbackup.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.problem.Problem;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/// Segments of 1 MiB: number 5 begins at 0/500000.
class StreamStartTest {
  private static final WalSegmentSize SIZE = new WalSegmentSize(1 << 20);
  private static final TimelineHistory FIRST = TimelineHistory.root(Timeline.FIRST);

  /// Promoted in the middle of segment 7.
  private static final TimelineHistory SECOND =
      new TimelineHistory(
          new Timeline(2),
          List.of(new TimelineHistory.Ancestor(Timeline.FIRST, Lsn.parse("0/780000"))));

  private static Lsn lsn(int segment) {
    return new Lsn((long) segment << 20);
  }

  private static WalSegment segment(int timeline, int number) {
    return new WalSegment(new Timeline(timeline), lsn(number), SIZE);
  }

  private static StreamStart.From from(StreamStart start) {
    assertThat(start).isInstanceOf(StreamStart.From.class);
    return (StreamStart.From) start;
  }

  private static StreamStart decide(
      Optional<WalSegment> next, TimelineHistory path, int end, int kept, Set<WalSegment> server) {
    return StreamStart.decide(next, path, lsn(end), lsn(kept).plus(40), SIZE, server::contains);
  }

  @Example
  void anEmptyArchiveBeginsWithWhatTheSlotKeeps() {
    StreamStart.From start = from(decide(Optional.empty(), FIRST, 9, 4, Set.of()));

    assertThat(start.first()).isEqualTo(segment(1, 4));
    assertThat(start.gap()).isEmpty();
    assertThat(start.until()).isEmpty();
  }

  @Example
  void aSlotThatKeptItGoesOn() {
    StreamStart.From start = from(decide(Optional.of(segment(1, 6)), FIRST, 9, 5, Set.of()));

    assertThat(start.first()).isEqualTo(segment(1, 6));
    assertThat(start.gap()).isEmpty();
  }

  @Example
  void aNewSlotGoesOnWhereTheServerStillHasTheSegment() {
    StreamStart.From start =
        from(decide(Optional.of(segment(1, 6)), FIRST, 12, 9, Set.of(segment(1, 6))));

    assertThat(start.first()).isEqualTo(segment(1, 6));
    assertThat(start.gap()).isEmpty();
  }

  @Example
  void aNewSlotOpensAGapWhereTheServerHasItNoMore() {
    StreamStart.From start = from(decide(Optional.of(segment(1, 6)), FIRST, 12, 9, Set.of()));

    assertThat(start.first()).isEqualTo(segment(1, 9));
    assertThat(start.gap()).contains(new StreamStart.Gap(segment(1, 6), segment(1, 8)));
  }

  @Example
  void aPromotedServerFirstGivesWhatIsLeftOfTheOldTimeline() {
    StreamStart.From start =
        from(decide(Optional.of(segment(1, 5)), SECOND, 9, 7, Set.of(segment(1, 5))));

    assertThat(start.first()).isEqualTo(segment(1, 5));
    assertThat(start.until()).as("segment 7 comes whole on timeline 2").contains(lsn(7));
  }

  @Example
  void theSegmentInWhichItWasPromotedIsTheNewTimelines() {
    StreamStart.From start = from(decide(Optional.of(segment(2, 7)), SECOND, 9, 7, Set.of()));

    assertThat(start.first()).isEqualTo(segment(2, 7));
    assertThat(start.until()).isEmpty();
  }

  @Example
  void aGapMayReachIntoTheNewTimeline() {
    StreamStart.From start = from(decide(Optional.of(segment(1, 5)), SECOND, 12, 10, Set.of()));

    assertThat(start.gap()).contains(new StreamStart.Gap(segment(1, 5), segment(2, 9)));
    assertThat(start.first()).isEqualTo(segment(2, 10));
  }

  @Example
  void aServerThatWentBackIsRefused() {
    assertThat(decide(Optional.of(segment(1, 6)), FIRST, 5, 4, Set.of()))
        .isInstanceOfSatisfying(
            StreamStart.Never.class,
            never ->
                assertThat(never.problem())
                    .isInstanceOf(Problem.Refused.class)
                    .extracting(Problem::message)
                    .asString()
                    .contains("0/500000", "0/600000"));
  }

  @Property
  void noSegmentBetweenTheArchiveAndTheStreamGoesUnnamed(
      @ForAll @IntRange(min = 1, max = 20) int next,
      @ForAll @IntRange(min = 1, max = 20) int kept,
      @ForAll boolean has) {
    WalSegment wanted = StreamStart.onPath(SECOND, segment(1, next));
    StreamStart.From start =
        from(decide(Optional.of(wanted), SECOND, 30, kept, has ? Set.of(wanted) : Set.of()));

    Lsn covered = start.gap().map(gap -> gap.last().end()).orElse(wanted.start());
    assertThat(start.gap().map(StreamStart.Gap::first).orElse(wanted)).isEqualTo(wanted);
    assertThat(start.first().start()).isEqualTo(covered);
    assertThat(start.first()).isEqualTo(StreamStart.onPath(SECOND, start.first()));
  }

  @Example
  void aSlotIsNamedAfterTheLineage() {
    assertThat(SlotName.of(new LineageUid("Shop-1.a"))).isEqualTo("pgbackup_shop_1_a");
    assertThat(SlotName.of(new LineageUid("a".repeat(63)))).hasSize(63);
  }
}
