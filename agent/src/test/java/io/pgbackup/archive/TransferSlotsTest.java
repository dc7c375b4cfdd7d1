package io.pgbackup.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.problem.PgBackupException;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TransferSlotsTest {
  private static final Duration AT_ONCE = Duration.ZERO;

  private final TransferSlots slots = new TransferSlots(4);

  @ParameterizedTest
  @CsvSource({
    "0, 4",
    "1, 4",
    "16777216, 4",
    "16777217, 2",
    "33554432, 2",
    "67108864, 1",
    "1073741824, 1"
  })
  void greatFilesTakeTheRoomOfSeveral(long size, int fitting) {
    for (int i = 0; i < fitting; i++) {
      slots.take(size, AT_ONCE);
    }

    assertThatThrownBy(() -> slots.take(size, AT_ONCE)).isInstanceOf(PgBackupException.class);
  }

  @Test
  void moreRoomForAWhileIsTakenBackFromNobodyWhoHasIt() {
    slots.setExtra(2);
    List<TransferSlots.Slot> taken =
        IntStream.range(0, 6).mapToObj(_ -> slots.take(1, AT_ONCE)).toList();
    assertThatThrownBy(() -> slots.take(1, AT_ONCE)).isInstanceOf(PgBackupException.class);

    slots.setExtra(0);
    taken.get(0).close();
    taken.get(1).close();
    assertThatThrownBy(() -> slots.take(1, AT_ONCE)).isInstanceOf(PgBackupException.class);
    taken.get(2).close();
    assertThat(slots.take(1, AT_ONCE)).isNotNull();
  }

  @Test
  void memoryIsAnotherFilesOnlyWhenEveryHolderHasGone() {
    int segment = 16 << 20;
    TransferSlots.Slot slot = slots.take(segment, AT_ONCE);
    TransferSlots.Slot held = slot.hold();
    byte[] memory = slot.memory(segment);
    slot.close();

    TransferSlots.Slot other = slots.take(segment, AT_ONCE);
    assertThat(other.memory(segment)).isNotSameAs(memory);
    held.close();

    assertThat(slots.take(segment, AT_ONCE).memory(segment)).isSameAs(memory);
  }

  @Test
  void memoryThatWasTakenOverStaysWithWhoTookIt() {
    int segment = 16 << 20;
    TransferSlots.Slot first = slots.take(segment, AT_ONCE);
    byte[] memory = first.memory(segment);
    TransferSlots.Slot second = slots.take(segment, AT_ONCE);
    second.takeOver(first);
    first.close();

    assertThat(slots.take(segment, AT_ONCE).memory(segment)).isNotSameAs(memory);
    second.close();

    assertThat(slots.take(segment, AT_ONCE).memory(segment)).isSameAs(memory);
  }

  @Test
  void aFileOfAnotherSizeGetsMemoryOfItsOwn() {
    int segment = 16 << 20;
    try (TransferSlots.Slot slot = slots.take(segment, AT_ONCE)) {
      slot.memory(segment);
    }

    assertThat(slots.take(100, AT_ONCE).memory(100)).hasSize(100);
    assertThat(slots.take(2L * segment, AT_ONCE).memory(2 * segment)).hasSize(2 * segment);
  }

  @Test
  void drainingWaitsForEveryoneAlsoWithMoreRoom() {
    slots.setExtra(3);
    TransferSlots.Slot slot = slots.take(1, AT_ONCE);

    assertThat(slots.drain(AT_ONCE)).isFalse();
    slot.close();
    assertThat(slots.drain(AT_ONCE)).isTrue();
  }

  /// A JVM with `-Xmx256m` says that it has a little less.
  @ParameterizedTest
  @CsvSource({"254, 4", "4096, 4", "160, 3", "128, 2", "64, 1", "16, 1"})
  void aTightControlGroupGetsFewerPlaces(long mebibytes, int places) {
    assertThat(SocketService.bearable(4, mebibytes << 20)).isEqualTo(places);
  }

  @ParameterizedTest
  @CsvSource({"256, 0", "300, 0", "384, 2", "512, 4", "4096, 4", "64, 0"})
  void moreRoomIsOnlyWhereTheHeapHasIt(long mebibytes, int extra) {
    assertThat(SocketService.extraTransfers(4, mebibytes << 20)).isEqualTo(extra);
  }

  @Test
  void roomIsFreeAgainWhenTheLastHolderHasClosed() {
    TransferSlots.Slot slot = slots.take(64 << 20, AT_ONCE);
    TransferSlots.Slot second = slot.hold();

    slot.close();
    assertThat(slots.drain(AT_ONCE)).isFalse();
    second.close();

    assertThat(slots.drain(AT_ONCE)).isTrue();
  }
}
