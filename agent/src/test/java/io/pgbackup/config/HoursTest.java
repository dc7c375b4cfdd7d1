package io.pgbackup.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.config.PgBackupConfig.RateConfig;
import java.time.LocalTime;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HoursTest {
  @ParameterizedTest
  @CsvSource({
    "08:00-20:00, 07:59, false",
    "08:00-20:00, 08:00, true",
    "08:00-20:00, 19:59, true",
    "08:00-20:00, 20:00, false",
    "22:00-06:00, 21:59, false",
    "22:00-06:00, 22:00, true",
    "22:00-06:00, 00:00, true",
    "22:00-06:00, 06:00, false"
  })
  void areAPartOfTheDay(String hours, LocalTime time, boolean expected) {
    assertThat(Hours.parse(hours).contains(time)).isEqualTo(expected);
    assertThat(new RateConfig(7, Optional.of(Hours.parse(hours))).at(time))
        .isEqualTo(expected ? 7 : 0);
    assertThat(Hours.parse(hours)).hasToString(hours);
  }

  @ParameterizedTest
  @ValueSource(strings = {"8:00-20:00", "08:00", "08:00-24:00", "08:00-08:00", "-", ""})
  void areRefusedOtherwise(String text) {
    assertThatThrownBy(() -> Hours.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("must ");
  }

  @Test
  void withoutHoursARateHoldsAlways() {
    assertThat(new RateConfig(7, Optional.empty()).at(LocalTime.MIDNIGHT)).isEqualTo(7);
  }

  @ParameterizedTest
  @CsvSource({"1B, 1", "1536B, 1536", "512KiB, 524288", "50MiB, 52428800", "2GiB, 2147483648"})
  void sizesHaveAUnit(String text, long size) {
    assertThat(ByteSizes.parse(text)).isEqualTo(size);
    assertThat(ByteSizes.print(size)).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"50", "50MB", "0MiB", "-1MiB", "1.5GiB", "1TiB", ""})
  void sizesWithoutOneAreRefused(String text) {
    assertThatThrownBy(() -> ByteSizes.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("must be ");
  }
}
