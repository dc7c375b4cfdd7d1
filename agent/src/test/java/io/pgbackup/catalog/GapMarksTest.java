package io.pgbackup.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.MemoryObjectStore;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class GapMarksTest {
  private static final ArchiveLayout LAYOUT = new ArchiveLayout(StoreFolder.of("a"));

  private static final Instant NOW = Instant.parse("2026-11-23T02:00:00Z");

  private final MemoryObjectStore store = new MemoryObjectStore();

  private static WalSegment segment(int number) {
    return segment(1, number);
  }

  private static WalSegment segment(int timeline, int number) {
    return WalSegment.parse("%08X00000000%08X".formatted(timeline, number), WalSegmentSize.DEFAULT);
  }

  private Optional<GapState> of(int first, int last) {
    return of(segment(first), segment(last), TimelineHistory.root(Timeline.FIRST));
  }

  private Optional<GapState> of(WalSegment first, WalSegment last, TimelineHistory path) {
    return GapMarks.of(store, LAYOUT, WalSegmentSize.DEFAULT)
        .of(new WalGap(first, last, GapState.CLOSED), path);
  }

  /// Leaves the first timeline in the middle of segment 8.
  private static TimelineHistory branched() {
    Lsn left = segment(8).start().plus(0x1000);
    return new TimelineHistory(
        new Timeline(2), List.of(new TimelineHistory.Ancestor(Timeline.FIRST, left)));
  }

  private void letGo(int first) {
    GapMarks.letGo(
        store, LAYOUT, (WalFileName.Segment) WalFileName.parse(segment(first).fileName()), NOW);
  }

  private void acknowledge(int first, int last) {
    GapMarks.acknowledge(
        store, LAYOUT, new WalGap(segment(first), segment(last), GapState.CLOSED), "{}");
  }

  private void expire(WalSegment first, WalSegment last) {
    GapMarks.expire(store, LAYOUT, first, last, NOW);
  }

  @Test
  void tellsAGapThatWasWantedFromALoss() {
    letGo(5);
    // it went on letting WAL go, in another process
    letGo(7);

    assertThat(of(5, 9)).contains(GapState.LET_GO);
    assertThat(of(11, 11)).isEmpty();
  }

  /// P13.
  @Test
  void aGapThatGrewIsNoLongerTheOneThatIsKnown() {
    acknowledge(5, 9);

    assertThat(of(5, 9)).contains(GapState.ACKNOWLEDGED);
    assertThat(of(6, 8)).as("some of it came after all").contains(GapState.ACKNOWLEDGED);
    assertThat(of(5, 10)).isEmpty();
    assertThat(of(4, 9)).isEmpty();
  }

  @Test
  void whatExpiredMayBeSaidInParts() {
    expire(segment(1, 4), segment(1, 9));
    expire(segment(2, 8), segment(2, 12));

    assertThat(of(segment(1, 4), segment(2, 12), branched()))
        .as("over a change of timelines")
        .contains(GapState.EXPIRED);
    assertThat(of(segment(1, 4), segment(2, 13), branched())).isEmpty();
  }

  @Test
  void whatExpiredOfATimelineThatWasLeftIsNotTheYoungerOne() {
    expire(segment(1, 4), segment(1, 20));
    GapMarks.letGo(
        store, LAYOUT, (WalFileName.Segment) WalFileName.parse(segment(1, 15).fileName()), NOW);

    assertThat(of(segment(1, 4), segment(1, 7), branched())).contains(GapState.EXPIRED);
    assertThat(of(segment(2, 10), segment(2, 15), branched())).as("a loss").isEmpty();
    assertThat(of(segment(1, 6), segment(2, 8), branched())).as("a loss in 8").isEmpty();
  }

  @Test
  void whatExpiredAndWhatIsKnownMayTouch() {
    expire(segment(4), segment(9));
    acknowledge(10, 12);

    assertThat(of(4, 12)).contains(GapState.ACKNOWLEDGED);
  }

  @Test
  void leavesOtherObjectsAlone() {
    for (String name :
        new String[] {
          "x.json",
          "000000010000000000000005.json",
          "000000010000000000000005-x.expired.json",
          "00000001000000000000FFFF.let-go.json"
        }) {
      store.create(new ObjectKey(LAYOUT.gaps().path() + name), new byte[0], Map.of());
    }

    assertThat(of(5, 5)).isEmpty();
  }
}
