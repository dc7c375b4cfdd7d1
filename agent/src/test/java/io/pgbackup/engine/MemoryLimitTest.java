package io.pgbackup.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class MemoryLimitTest {
  private static final long MEBIBYTE = 1L << 20;

  @Test
  void readsWhatBothVersionsOfControlGroupsSay() {
    assertThat(MemoryLimit.parse("335544320\n")).contains(320 * MEBIBYTE);
    assertThat(MemoryLimit.parse("max\n")).isEmpty();
    assertThat(MemoryLimit.parse("9223372036854771712\n")).as("version 1 without one").isEmpty();
  }

  @Test
  void halfOfATightLimitIsTheHeaps() {
    assertThat(MemoryLimit.heap(256 * MEBIBYTE, Optional.of(320 * MEBIBYTE)))
        .isEqualTo(160 * MEBIBYTE);
    assertThat(MemoryLimit.heap(256 * MEBIBYTE, Optional.of(640 * MEBIBYTE)))
        .isEqualTo(256 * MEBIBYTE);
    assertThat(MemoryLimit.heap(256 * MEBIBYTE, Optional.empty())).isEqualTo(256 * MEBIBYTE);
  }
}
