package io.pgbackup.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CrontabTest {
  @Test
  void understandsListsRangesStepsAndNames() {
    Crontab crontab = Crontab.parse("*/20 1-3,22 1,15 JAN-mar Mon-Fri/2");

    assertThat(crontab.minutes()).containsExactly(0, 20, 40);
    assertThat(crontab.hours()).containsExactly(1, 2, 3, 22);
    assertThat(crontab.daysOfMonth()).containsExactly(1, 15);
    assertThat(crontab.months()).containsExactly(1, 2, 3);
    assertThat(crontab.daysOfWeek()).containsExactly(1, 3, 5);
  }

  @Test
  void sundayIsZeroAndSeven() {
    assertThat(Crontab.parse("0 2 * * 0").daysOfWeek()).containsExactly(0);
    assertThat(Crontab.parse("0 2 * * 7").daysOfWeek()).containsExactly(0);
    assertThat(Crontab.parse("0 2 * * 5-7").daysOfWeek()).containsExactly(0, 5, 6);
    assertThat(Crontab.parse("0 2 * * *").daysOfWeek()).containsExactly(0, 1, 2, 3, 4, 5, 6);
  }

  @Test
  void oneOfTwoRestrictedDaysSuffices() {
    assertThat(Crontab.parse("0 2 13 * 5").eitherDay()).isTrue();
    assertThat(Crontab.parse("0 2 * * 5").eitherDay()).isFalse();
    assertThat(Crontab.parse("0 2 */2 * 5").eitherDay()).isFalse();
  }

  @Test
  void isPrintedAsItWasWrittenWithSingleBlanks() {
    assertThat(Crontab.parse(" 0  2 * *\t1 ")).hasToString("0 2 * * 1");
    assertThat(Crontab.parse(" 0  2 * *\t1 ")).isEqualTo(Crontab.parse("0 2 * * 1"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          @yearly   | 0 0 1 1 *
          @annually | 0 0 1 1 *
          @monthly  | 0 0 1 * *
          @weekly   | 0 0 * * 0
          @daily    | 0 0 * * *
          @midnight | 0 0 * * *
          @hourly   | 0 * * * *
          """)
  void aNamedOneIsWhatItStandsFor(String name, String fields) {
    assertThat(Crontab.parse(" " + name)).isEqualTo(Crontab.parse(fields)).hasToString(fields);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          60 2 * * *     | minute '60': 60 is not between 0 and 59
          0 24 * * *     | hour '24': 24 is not between 0 and 23
          0 2 0 * *      | day of month '0': 0 is not between 1 and 31
          0 2 * 13 *     | month '13': 13 is not between 1 and 12
          0 2 * * 8      | day of week '8': 8 is not between 0 and 7
          0 2 * * Mo     | day of week 'Mo': 'Mo' is neither a number nor one of sun mon tue wed thu fri sat
          0 mon * * *    | hour 'mon': 'mon' is not a number
          0 1,,2 * * *   | hour '1,,2': '' is not a number
          0 3-1 * * *    | hour '3-1': the range 3-1 runs backwards
          0 2 * * fri-mon | day of week 'fri-mon': the range fri-mon runs backwards
          5/15 * * * *   | minute '5/15': a step needs a range or '*' before it, such as */15
          */0 * * * *    | minute '*/0': '0' is not a step
          */x * * * *    | minute '*/x': 'x' is not a step
          0 2 L * *      | day of month 'L': 'L' is not a number
          0 2 ? * 1      | day of month '?': '?' is not a number
          -1 2 * * *     | minute '-1': '' is not a number
          0 2 31 2,4 *   | '0 2 31 2,4 *' never comes: its months have no day 31
          0 0 2 * * ?    | '0 0 2 * * ?' is not a crontab schedule: it has five fields
          @reboot        | '@reboot' is not a crontab schedule: it has five fields
          """)
  void namesTheFieldThatIsWrong(String text, String reason) {
    assertThatThrownBy(() -> Crontab.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(reason);
  }

  @Test
  void theTwentyNinthOfFebruaryComesSometimes() {
    assertThat(Crontab.parse("0 2 29 2 *").daysOfMonth()).containsExactly(29);
  }
}
