package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.postgres.Lsn;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class HeartbeatTest {
  private static final Instant NOW = Instant.parse("2026-11-21T05:00:00Z");
  private static final Lsn LSN = Lsn.parse("0/3000000");

  private final Heartbeat heartbeat = new Heartbeat();

  private boolean due(int minutes, long bytes) {
    return heartbeat.due(NOW.plusSeconds(60L * minutes), LSN.plus(bytes));
  }

  /// P82.
  @Test
  void comesOnceInEachIntervalInWhichTheServerWasIdle() {
    assertThat(due(0, 0)).isFalse();
    assertThat(due(4, 100)).isFalse();
    assertThat(due(5, 100)).isTrue();
    assertThat(due(6, 200)).isFalse();
    assertThat(due(10, 300)).isTrue();
  }

  @Test
  void isLeftOutWhereTheServerWrites() {
    due(0, 0);
    assertThat(due(5, 5 << 20)).isFalse();
    assertThat(due(9, 5 << 20)).isFalse();
    assertThat(due(10, 5 << 20)).isTrue();
  }
}
