package io.pgbackup.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.problem.Problem;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

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
    return decide(next, path, end, kept, _ -> true, server::contains);
  }

  private static StreamStart decide(
      Optional<WalSegment> next,
      TimelineHistory path,
      int end,
      int kept,
      Predicate<WalSegment> archived,
      Predicate<WalSegment> has) {
    return StreamStart.decide(
        next, path, lsn(end), SlotNeed.oldest(path, lsn(kept).plus(40), SIZE), archived, has);
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
  void aHoleThatCameWhileWalCameAnotherWayIsFilledFromTheSlot() {
    WalSegment missing = segment(1, 5);

    StreamStart.From start =
        from(
            decide(Optional.of(segment(1, 8)), FIRST, 9, 5, at -> !at.equals(missing), _ -> false));

    assertThat(start.first()).isEqualTo(missing);
    assertThat(start.gap()).isEmpty();
  }

  @Example
  void aHoleBehindAHeldSegmentIsFilledToo() {
    WalSegment missing = segment(1, 6);

    StreamStart.From start =
        from(
            decide(
                Optional.of(segment(2, 8)), SECOND, 9, 4, at -> !at.equals(missing), _ -> false));

    assertThat(start.first()).isEqualTo(missing);
    assertThat(start.until()).as("what comes then is asked for anew").contains(lsn(7));
    assertThat(start.gap()).isEmpty();
  }

  /// What is before the begin of a stream is confirmed, and the server removes it.
  @Property
  void nothingThatTheSlotKeepsIsLeftBehindUnlessTheArchiveHoldsIt(
      @ForAll @IntRange(min = 1, max = 20) int kept,
      @ForAll @Size(min = 1, max = 20) Set<@IntRange(min = 1, max = 25) Integer> held,
      @ForAll boolean has) {
    Set<WalSegment> archive =
        held.stream()
            .map(number -> SlotNeed.onPath(SECOND, segment(1, number)))
            .collect(Collectors.toSet());
    WalSegment next = SlotNeed.onPath(SECOND, Collections.max(archive).next());

    StreamStart.From start =
        from(decide(Optional.of(next), SECOND, 30, kept, archive::contains, _ -> has));

    WalSegment first = start.first();
    assertThat(first).isEqualTo(SlotNeed.onPath(SECOND, first));
    for (int number = kept; lsn(number).isBefore(first.start()); number++) {
      assertThat(archive).contains(SlotNeed.onPath(SECOND, segment(1, number)));
    }
    assertThat(archive.contains(first)).as("nothing comes again that is there").isFalse();
    start.until().ifPresent(end -> assertThat(first.end()).isLessThanOrEqualTo(end));
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
    WalSegment wanted = SlotNeed.onPath(SECOND, segment(1, next));
    StreamStart.From start =
        from(decide(Optional.of(wanted), SECOND, 30, kept, has ? Set.of(wanted) : Set.of()));

    Lsn covered = start.gap().map(gap -> gap.last().end()).orElse(wanted.start());
    assertThat(start.gap().map(StreamStart.Gap::first).orElse(wanted)).isEqualTo(wanted);
    assertThat(start.first().start()).isEqualTo(covered);
    assertThat(start.first()).isEqualTo(SlotNeed.onPath(SECOND, start.first()));
  }

  @Example
  void aSlotIsNamedAfterTheLineage() {
    assertThat(SlotName.of(new LineageUid("Shop-1.a"))).isEqualTo("pgbackup_shop_1_a");
    assertThat(SlotName.of(new LineageUid("a".repeat(63)))).hasSize(63);
  }
}
