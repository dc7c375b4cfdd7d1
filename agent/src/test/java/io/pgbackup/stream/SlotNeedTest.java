package io.pgbackup.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/// Segments of 1 MiB, of a server that was promoted in the middle of segment 7.
class SlotNeedTest {
  private static final WalSegmentSize SIZE = new WalSegmentSize(1 << 20);
  private static final TimelineHistory PATH =
      new TimelineHistory(
          new Timeline(2),
          List.of(new TimelineHistory.Ancestor(Timeline.FIRST, Lsn.parse("0/780000"))));

  private static Lsn inside(int number) {
    return new Lsn(((long) number << 20) + 40);
  }

  private static WalSegment segment(int number) {
    return new WalSegment(new Timeline(number < 7 ? 1 : 2), new Lsn((long) number << 20), SIZE);
  }

  private static Set<WalSegment> segments(int... numbers) {
    return IntStream.of(numbers).mapToObj(SlotNeedTest::segment).collect(Collectors.toSet());
  }

  private static Optional<WalSegment> need(
      int slot, int server, Set<WalSegment> held, Predicate<WalSegment> inPieces) {
    return SlotNeed.of(
        SlotNeed.oldest(PATH, inside(slot), SIZE), PATH, inside(server), held::contains, inPieces);
  }

  @Example
  void aSegmentBehindAHeldOneThatNobodyStoredKeepsTheSlot() {
    assertThat(need(5, 9, segments(5, 6, 8), _ -> false)).contains(segment(7));
  }

  @Example
  void theSegmentOfThePromotionCountsOnTheNewTimelineAlone() {
    WalSegment left = segment(7).on(Timeline.FIRST);

    assertThat(need(6, 8, Set.of(segment(6), left), _ -> false)).contains(segment(7));
    assertThat(need(6, 8, segments(6, 7), _ -> false)).isEmpty();
  }

  @Example
  void theSegmentThatTheStreamWasInTheMiddleOfHasToComeAnotherWay() {
    assertThat(need(5, 7, segments(5, 6), segment(7)::equals)).contains(segment(7));
    assertThat(need(7, 7, Set.of(), _ -> false)).contains(segment(7));
    assertThat(need(5, 7, segments(5, 6, 7), segment(7)::equals)).isEmpty();
  }

  @Property
  void noSlotGoesWhileAFinishedSegmentFromItsPositionOnIsNotHeld(
      @ForAll @IntRange(min = 1, max = 20) int slot,
      @ForAll @IntRange(max = 12) int more,
      @ForAll @IntRange(max = 12) int heldInARow,
      @ForAll @Size(max = 12) Set<@IntRange(min = 1, max = 33) Integer> heldBeside,
      @ForAll boolean pieces) {
    int server = slot + more;
    Set<WalSegment> held =
        IntStream.concat(
                IntStream.range(slot, slot + heldInARow),
                heldBeside.stream().mapToInt(Integer::intValue))
            .mapToObj(SlotNeedTest::segment)
            .collect(Collectors.toSet());
    List<WalSegment> finished =
        IntStream.range(slot, server).mapToObj(SlotNeedTest::segment).toList();

    Optional<WalSegment> need = need(slot, server, held, _ -> pieces);

    if (need.isEmpty()) {
      assertThat(held).containsAll(finished);
      assertThat(held.contains(segment(server)) || !pieces).as("the one at hand").isTrue();
    } else {
      WalSegment missing = need.get();
      assertThat(held).doesNotContain(missing);
      assertThat(held)
          .as("the first one that is missing")
          .containsAll(finished.stream().filter(at -> at.compareTo(missing) < 0).toList());
      assertThat(finished.contains(missing) || missing.equals(segment(server))).isTrue();
      assertThat(finished.contains(missing) || pieces || slot == server)
          .as("no slot stays for what is only begun")
          .isTrue();
    }
  }
}
