package io.pgbackup.postgres;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TimelineHistoryTest {
  private static final String TWO_SWITCHES =
      """
      1\t0/7000000\tno recovery target specified
      # a comment
      2\t0/9004F40\tbefore 2026-11-21 02:13:40+00

      """;

  @Test
  void readsWhatPostgresqlWrites() {
    TimelineHistory history = TimelineHistory.parse(new Timeline(3), TWO_SWITCHES);

    assertThat(history.ancestors())
        .containsExactly(
            new TimelineHistory.Ancestor(new Timeline(1), Lsn.parse("0/7000000")),
            new TimelineHistory.Ancestor(new Timeline(2), Lsn.parse("0/9004F40")));
  }

  @Test
  void findsTheTimelineOfAPosition() {
    TimelineHistory history = TimelineHistory.parse(new Timeline(3), TWO_SWITCHES);

    assertThat(history.at(Lsn.parse("0/6FFFFFF"))).isEqualTo(new Timeline(1));
    assertThat(history.at(Lsn.parse("0/7000000"))).isEqualTo(new Timeline(2));
    assertThat(history.at(Lsn.parse("0/9004F40"))).isEqualTo(new Timeline(3));
  }

  @Test
  void aBackupBelongsToThePathOnlyBeforeItsTimelineWasLeft() {
    TimelineHistory history = TimelineHistory.parse(new Timeline(3), TWO_SWITCHES);

    assertThat(history.contains(new Timeline(1), Lsn.parse("0/6000000"))).isTrue();
    assertThat(history.contains(new Timeline(1), Lsn.parse("0/7000001"))).isFalse();
    assertThat(history.contains(new Timeline(2), Lsn.parse("0/6000000"))).isFalse();
    assertThat(history.contains(new Timeline(4), Lsn.parse("0/9000000"))).isFalse();
  }

  @Test
  void refusesHistoriesThatDoNotAscend() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> TimelineHistory.parse(new Timeline(3), "2\t0/9000000\tx\n1\t0/A000000\ty"));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> TimelineHistory.parse(new Timeline(3), "2\t0/9000000\tx\n1\t0/8000000\ty"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TimelineHistory.parse(new Timeline(2), "2\t0/9000000\tx"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TimelineHistory.parse(new Timeline(2), "one"));
  }

  @ParameterizedTest
  @CsvSource({
    // recovery along the path to 2 that ended before 2 began
    "'1 0/8000000 a,2 0/3000000 b', '1=0/3000000'",
    "'1 0/2000000 a,2 0/8000000 b,3 0/5000000 c', '1=0/2000000,2=0/5000000'",
    "'1 0/4000000 a,2 0/8000000 b,3 0/3000000 c', '1=0/3000000'",
    "'1 0/4000000 a,2 0/3000000 b,3 0/9000000 c', '1=0/3000000,3=0/9000000'",
    "'1 0/4000000 a,2 0/4000000 b', '1=0/4000000,2=0/4000000'",
  })
  void timelinesThatWereNeverVisitedAreLeftOut(String lines, String visited) {
    TimelineHistory history =
        TimelineHistory.parse(new Timeline(5), lines.replace(' ', '\t').replace(',', '\n'));

    assertThat(
            history.ancestors().stream()
                .map(ancestor -> ancestor.timeline() + "=" + ancestor.end())
                .collect(joining(",")))
        .isEqualTo(visited);
  }

  @Property
  void everyPositionIsOnTheTimelineThatPostgresqlFinds(
      @ForAll List<@LongRange(min = 1, max = 50) Long> ends,
      @ForAll @LongRange(max = 60) long position) {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < ends.size(); i++) {
      lines.append("%d\t%s\tx\n".formatted(i + 1, new Lsn(ends.get(i))));
    }

    // tliOfPointInHistory (timeline.c): the newest whose begin and end hold the position
    long expected = 1;
    for (int i = ends.size(); i >= 0; i--) {
      long begin = i == 0 ? 0 : ends.get(i - 1);
      if (begin <= position && (i == ends.size() || position < ends.get(i))) {
        expected = i + 1L;
        break;
      }
    }
    assertThat(
            TimelineHistory.parse(new Timeline(ends.size() + 1L), lines.toString())
                .at(new Lsn(position)))
        .isEqualTo(new Timeline(expected));
  }

  @Provide
  Arbitrary<TimelineHistory> histories() {
    return Arbitraries.longs()
        .between(1, 0xFFFF_FFFF_FFFFL)
        .set()
        .ofMaxSize(6)
        .map(
            ends -> {
              List<TimelineHistory.Ancestor> ancestors = new ArrayList<>();
              long id = 1;
              for (long end : ends.stream().sorted().toList()) {
                ancestors.add(new TimelineHistory.Ancestor(new Timeline(id++), new Lsn(end)));
              }
              return new TimelineHistory(new Timeline(id), ancestors);
            });
  }

  @Property
  void everyPositionLiesOnTheTimelineThatThePathHasThere(
      @ForAll("histories") TimelineHistory history,
      @ForAll @LongRange(min = 0, max = 0xFFFF_FFFF_FFFFL) long position) {
    Lsn lsn = new Lsn(position);
    Timeline there = history.at(lsn);

    assertThat(history.contains(there, lsn)).isTrue();
    assertThat(history.beginOf(there).compareTo(lsn)).isLessThanOrEqualTo(0);
    history.endOf(there).ifPresent(end -> assertThat(lsn.isBefore(end)).isTrue());
  }
}
