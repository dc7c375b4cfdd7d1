package io.pgbackup.wording;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WordingTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0 B",
    "999, 999 B",
    "1000, 1.0 KiB",
    "1023, 1.0 KiB",
    "1536, 1.5 KiB",
    "10188, 9.9 KiB",
    "10240, 10 KiB",
    "16777216, 16 MiB",
    "9223372036854775807, 8.0 EiB"
  })
  void writesSizesForPeople(long bytes, String expected) {
    assertThat(Sizes.human(bytes)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "PT0.35S, 350 ms",
    "PT4.9S, 4 s",
    "PT60S, 1 min",
    "PT125S, 2 min 5 s",
    "PT3H20M59S, 3 h 20 min",
    "P9DT4H30M, 9 d 4 h"
  })
  void writesSpansForPeople(Duration span, String expected) {
    assertThat(Times.span(span)).isEqualTo(expected);
  }
}
