package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecoveryLogTest {
  @Test
  void readsWhereRecoveryStopped() {
    RecoveryLog log =
        RecoveryLog.parse(
            """
            2026-11-21 06:00:16.981 UTC [1] LOG:  starting archive recovery
            2026-11-21 06:00:21.320 UTC [1] LOG:  redo starts at 0/2000028
            2026-11-21 06:00:21.489 UTC [1] LOG:  recovery stopping before commit of transaction 743, time 2026-11-21 02:13:42.822374+00
            2026-11-21 06:00:22.096 UTC [1] LOG:  redo done at 0/8007B68 system usage: CPU: user: 0.00 s
            2026-11-21 06:00:22.096 UTC [1] LOG:  last completed transaction was at log time 2026-11-21 02:13:41.36+00
            2026-11-21 06:00:22.549 UTC [1] LOG:  archive recovery complete
            """
                .lines());

    assertThat(log.stoppedBefore()).contains(Instant.parse("2026-11-21T02:13:42.822374Z"));
    assertThat(log.lastCompleted()).contains(Instant.parse("2026-11-21T02:13:41.36Z"));
    assertThat(log.complete()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "recovery stopping before commit of transaction 1, time 2026-11-21 02:13:42+00",
        "recovery stopping before abort of transaction 1, time 2026-11-21 02:13:42+00",
        "recovery stopping before commit of prepared transaction 1, time 2026-11-21 02:13:42.0+00",
      })
  void knowsEveryKindOfEnd(String line) {
    assertThat(RecoveryLog.parse(line.lines()).stoppedBefore())
        .contains(Instant.parse("2026-11-21T02:13:42Z"));
  }

  @Test
  void aRecoveryThatWasCutOffIsNotComplete() {
    RecoveryLog log = RecoveryLog.parse("LOG:  starting archive recovery".lines());

    assertThat(log.complete()).isFalse();
    assertThat(log.stoppedBefore()).isEmpty();
    assertThat(log.lastCompleted()).isEmpty();
  }
}
