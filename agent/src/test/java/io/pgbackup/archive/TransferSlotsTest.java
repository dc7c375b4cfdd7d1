package io.pgbackup.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.problem.PgBackupException;
import java.time.Duration;
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
  void roomIsFreeAgainWhenTheLastHolderHasClosed() {
    TransferSlots.Slot slot = slots.take(64 << 20, AT_ONCE);
    TransferSlots.Slot second = slot.hold();

    slot.close();
    assertThat(slots.drain(AT_ONCE)).isFalse();
    second.close();

    assertThat(slots.drain(AT_ONCE)).isTrue();
  }
}
