package io.pgbackup.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.MemoryObjectStore;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class GapMarksTest {
  private static final ArchiveLayout LAYOUT = new ArchiveLayout(StoreFolder.of("a"));

  private final MemoryObjectStore store = new MemoryObjectStore();

  private static WalSegment segment(int number) {
    return segment(1, number);
  }

  private static WalSegment segment(int timeline, int number) {
    return WalSegment.parse("%08X00000000%08X".formatted(timeline, number), WalSegmentSize.DEFAULT);
  }

  private Optional<GapState> of(int first, int last) {
    return GapMarks.of(store, LAYOUT, WalSegmentSize.DEFAULT).of(segment(first), segment(last));
  }

  private void letGo(int first) {
    GapMarks.letGo(
        store, LAYOUT, (WalFileName.Segment) WalFileName.parse(segment(first).fileName()), "{}");
  }

  private void acknowledge(int first, int last) {
    GapMarks.acknowledge(
        store, LAYOUT, new WalGap(segment(first), segment(last), GapState.CLOSED), "{}");
  }

  private void expire(WalSegment first, WalSegment last) {
    GapMarks.expire(store, LAYOUT, first, last, "{}");
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

    assertThat(of(4, 12)).as("over a change of timelines").contains(GapState.EXPIRED);
    assertThat(of(4, 13)).isEmpty();
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
