package io.pgbackup.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.jdbc.SlotState;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class StreamChecksTest {
  private static Outcome judge(Optional<SlotState.Slot> slot, String limit) {
    return StreamChecks.judge("pgbackup_a", new SlotState(slot, Lsn.parse("0/5000000")), limit);
  }

  private static Optional<SlotState.Slot> slot(boolean active, String status) {
    return Optional.of(
        new SlotState.Slot(
            active, Optional.of(Lsn.parse("0/4000000")), status, OptionalLong.empty()));
  }

  @Test
  void aSlotThatIsReadAndLimitedIsWell() {
    assertThat(judge(slot(true, "reserved"), "1024"))
        .isInstanceOfSatisfying(
            Outcome.Pass.class,
            pass -> assertThat(pass.found()).contains("pgbackup_a is read", "16"));
  }

  @Test
  void aSlotWithoutALimitMayFillTheDisk() {
    assertThat(judge(slot(true, "reserved"), "-1"))
        .isInstanceOfSatisfying(
            Outcome.Warn.class,
            warn -> assertThat(warn.remedy()).contains("max_slot_wal_keep_size"));
  }

  @Test
  void aSlotThatNobodyReadsPilesUpWal() {
    assertThat(judge(slot(false, "extended"), "1024"))
        .isInstanceOfSatisfying(
            Outcome.Warn.class, warn -> assertThat(warn.found()).contains("nobody reads"));
  }

  @Test
  void aSlotThatIsLostFails() {
    assertThat(judge(slot(false, "lost"), "1024")).isInstanceOf(Outcome.Fail.class);
  }

  @Test
  void noSlotIsAWarning() {
    assertThat(judge(Optional.empty(), "-1")).isInstanceOf(Outcome.Warn.class);
  }
}
