package io.pgbackup.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class CronTriggersTest {
  private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

  private static Instant next(String crontab, ZoneId zone, String after) {
    return new Timing(Crontab.parse(crontab), zone).firstAfter(Instant.parse(after)).orElseThrow();
  }

  private static List<String> several(String crontab, ZoneId zone, String after, int count) {
    List<String> times = new ArrayList<>();
    Instant instant = Instant.parse(after);
    for (int round = 0; round < count; round++) {
      instant = new Timing(Crontab.parse(crontab), zone).firstAfter(instant).orElseThrow();
      times.add(instant.toString());
    }
    return times;
  }

  @Test
  void everyNightAtTwo() {
    assertThat(several("0 2 * * *", ZoneOffset.UTC, "2026-11-20T02:00:00Z", 2))
        .containsExactly("2026-11-21T02:00:00Z", "2026-11-22T02:00:00Z");
  }

  @Test
  void dayOneIsMonday() {
    // 2026-11-23 is a Monday
    assertThat(several("0 2 * * 1", ZoneOffset.UTC, "2026-11-20T12:00:00Z", 2))
        .containsExactly("2026-11-23T02:00:00Z", "2026-11-30T02:00:00Z");
  }

  @Test
  void daysZeroAndSevenAreSunday() {
    assertThat(next("0 2 * * 0", ZoneOffset.UTC, "2026-11-20T12:00:00Z"))
        .isEqualTo(Instant.parse("2026-11-22T02:00:00Z"))
        .isEqualTo(next("0 2 * * 7", ZoneOffset.UTC, "2026-11-20T12:00:00Z"))
        .isEqualTo(next("0 2 * * SUN", ZoneOffset.UTC, "2026-11-20T12:00:00Z"));
  }

  @Test
  void eitherDaySufficesAndTheyComeOnceWhereTheyMeet() {
    // Friday 13 November 2026 is both
    assertThat(several("0 2 13 * 5", ZoneOffset.UTC, "2026-11-06T02:00:00Z", 4))
        .containsExactly(
            "2026-11-13T02:00:00Z",
            "2026-11-20T02:00:00Z",
            "2026-11-27T02:00:00Z",
            "2026-12-04T02:00:00Z");
  }

  @Test
  void bothDaysMustMatchWhereOneBeginsWithAStar() {
    assertThat(several("0 2 */2 * 5", ZoneOffset.UTC, "2026-11-06T02:00:00Z", 2))
        .containsExactly("2026-11-13T02:00:00Z", "2026-11-27T02:00:00Z");
  }

  @Test
  void theThirtyFirstOfFebruaryStillComesOnMondays() {
    assertThat(next("0 2 31 2 1", ZoneOffset.UTC, "2026-11-20T12:00:00Z"))
        .isEqualTo(Instant.parse("2027-02-01T02:00:00Z"));
  }

  @Test
  void aTimeThatTheClocksLeaveOutDoesNotComeThatNight() {
    // clocks go from 02:00 to 03:00 on 29 March 2026
    assertThat(several("30 2 * * *", BERLIN, "2026-03-27T12:00:00Z", 2))
        .containsExactly("2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z");
  }

  @Test
  void aTimeThatComesTwiceThatNightRunsOnce() {
    // clocks go from 03:00 to 02:00 on 25 October 2026
    assertThat(several("30 2 * * *", BERLIN, "2026-10-24T12:00:00Z", 2))
        .containsExactly("2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z");
  }

  @Property(tries = 300)
  void comesWhenABruteForceCronComes(
      @ForAll("crontabs") BruteForceCron cron, @ForAll("instants") Instant after) {
    List<Instant> expected = cron.after(after, 5);

    Instant instant = after;
    for (Instant one : expected) {
      instant =
          new Timing(Crontab.parse(cron.toString()), ZoneOffset.UTC)
              .firstAfter(instant)
              .orElseThrow();
      assertThat(instant).as("%s after %s", cron, after).isEqualTo(one);
    }
  }

  @Provide
  Arbitrary<Instant> instants() {
    long first = Instant.parse("2024-01-01T00:00:00Z").getEpochSecond();
    long last = Instant.parse("2028-12-31T00:00:00Z").getEpochSecond();
    return Arbitraries.longs().between(first, last).map(Instant::ofEpochSecond);
  }

  @Provide
  Arbitrary<BruteForceCron> crontabs() {
    return Combinators.combine(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 7))
        .as(BruteForceCron::new);
  }

  private static Arbitrary<String> field(int least, int greatest) {
    Arbitrary<Integer> number = Arbitraries.integers().between(least, greatest);
    Arbitrary<Integer> step = Arbitraries.integers().between(1, 20);
    Arbitrary<String> range =
        Combinators.combine(number, number)
            .as((one, other) -> Math.min(one, other) + "-" + Math.max(one, other));
    Arbitrary<String> item =
        Arbitraries.oneOf(
            number.map(Object::toString),
            range,
            Combinators.combine(range, step).as((text, by) -> text + "/" + by),
            step.map(by -> "*/" + by));
    return Arbitraries.oneOf(
        Arbitraries.just("*"), item, item.list().ofSize(2).map(items -> String.join(",", items)));
  }

  /// crontab(5) read naively: steps minute by minute and asks each field's text.
  private record BruteForceCron(
      String minute, String hour, String dayOfMonth, String month, String dayOfWeek) {
    List<Instant> after(Instant instant, int count) {
      List<Instant> found = new ArrayList<>();
      LocalDateTime time =
          LocalDateTime.ofInstant(instant, ZoneOffset.UTC).withSecond(0).withNano(0).plusMinutes(1);
      LocalDateTime end = time.plusYears(3);
      while (found.size() < count && time.isBefore(end)) {
        if (!day(time)) {
          time = time.toLocalDate().plusDays(1).atStartOfDay();
        } else if (!allows(hour, time.getHour(), 23)) {
          time = time.withMinute(0).plusHours(1);
        } else {
          if (allows(minute, time.getMinute(), 59)) {
            found.add(time.toInstant(ZoneOffset.UTC));
          }
          time = time.plusMinutes(1);
        }
      }
      return found;
    }

    private boolean day(LocalDateTime time) {
      int weekday = time.getDayOfWeek().getValue() % 7;
      boolean byMonth = allows(dayOfMonth, time.getDayOfMonth(), 31);
      boolean byWeek = allows(dayOfWeek, weekday, 6) || (weekday == 0 && allows(dayOfWeek, 7, 6));
      boolean either = !dayOfMonth.startsWith("*") && !dayOfWeek.startsWith("*");
      return allows(month, time.getMonthValue(), 12)
          && (either ? byMonth || byWeek : byMonth && byWeek);
    }

    private static boolean allows(String field, int value, int greatest) {
      for (String item : field.split(",")) {
        String[] parts = item.split("/");
        int least = greatest == 31 || greatest == 12 ? 1 : 0;
        String[] ends =
            parts[0].equals("*") ? new String[] {"" + least, "" + greatest} : parts[0].split("-");
        int from = Integer.parseInt(ends[0]);
        int to = Integer.parseInt(ends[ends.length - 1]);
        int by = parts.length == 2 ? Integer.parseInt(parts[1]) : 1;
        if (value >= from && value <= to && (value - from) % by == 0) {
          return true;
        }
      }
      return false;
    }

    @Override
    public String toString() {
      return String.join(" ", minute, hour, dayOfMonth, month, dayOfWeek);
    }
  }
}
