package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TargetTimeTest {
  private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

  @ParameterizedTest
  @CsvSource({
    "2026-11-21T02:13:37Z, 2026-11-21T02:13:37Z",
    "2026-11-21t02:13:37z, 2026-11-21T02:13:37Z",
    "2026-11-21 02:13Z, 2026-11-21T02:13:00Z",
    "2026-11-21 02:13:37.350046 UTC, 2026-11-21T02:13:37.350046Z",
    "2026-11-21 03:13:37.35+01, 2026-11-21T02:13:37.35Z",
    "2026-11-21T03:13:37.35+01:00, 2026-11-21T02:13:37.35Z",
    "2026-11-20T22:43:37-0330, 2026-11-21T02:13:37Z",
    "'2026-11-21T02:13:37,1234567Z', 2026-11-21T02:13:37.123456Z",
  })
  void understandsAnOffsetInEveryUsualForm(String text, Instant expected) {
    assertThat(TargetTime.parse(text, BERLIN)).isEqualTo(expected);
  }

  @Test
  void refusesATimestampWithoutOffsetAndShowsWhatToWrite() {
    assertThatExceptionOfType(PgBackupException.class)
        .isThrownBy(() -> TargetTime.parse("2026-07-21 02:13:37", BERLIN))
        .satisfies(
            refusal -> {
              assertThat(refusal.problem()).isInstanceOf(Problem.Misconfigured.class);
              assertThat(refusal.problem().message())
                  .isEqualTo("timestamp '2026-07-21 02:13:37' has no offset from UTC");
              assertThat(refusal.problem().hint())
                  .contains(
                      "Write 2026-07-21T02:13:37+02:00 for the time in Europe/Berlin, or"
                          + " 2026-07-21T02:13:37Z for UTC.");
            });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "yesterday",
        "2026-11-21",
        "2026-13-21T02:13:37Z",
        "2026-11-21T25:13:37Z",
        "2026-11-21T02:13:37 CET",
        "1763690017",
        "2026-11-21T02:13:37+99:00"
      })
  void refusesWhatIsNoTimestamp(String text) {
    assertThatExceptionOfType(PgBackupException.class)
        .isThrownBy(() -> TargetTime.parse(text, BERLIN))
        .satisfies(
            refusal -> assertThat(refusal.problem()).isInstanceOf(Problem.Misconfigured.class));
  }

  @Test
  void echoesUtcAndLocalTime() {
    Instant instant = Instant.parse("2026-11-21T02:13:37.350046Z");

    assertThat(TargetTime.echo(instant, BERLIN))
        .isEqualTo("2026-11-21T02:13:37.350046Z (2026-11-21 03:13:37.350046+01:00 Europe/Berlin)");
    assertThat(TargetTime.echo(instant, ZoneOffset.UTC)).isEqualTo("2026-11-21T02:13:37.350046Z");
  }

  @Property
  void whatIsEchoedIsUnderstoodAgain(
      @ForAll @LongRange(min = 0, max = 4_000_000_000L) long second,
      @ForAll @IntRange(max = 999_999_999) int nanos) {
    Instant instant = Instant.ofEpochSecond(second, nanos);

    assertThat(TargetTime.parse(TargetTime.echo(instant, ZoneOffset.UTC), BERLIN))
        .isEqualTo(instant.truncatedTo(ChronoUnit.MICROS));
  }
}
