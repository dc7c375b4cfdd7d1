package io.pgbackup.postgres;

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
            () -> TimelineHistory.parse(new Timeline(3), "1\t0/9000000\tx\n2\t0/8000000\ty"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TimelineHistory.parse(new Timeline(2), "2\t0/9000000\tx"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TimelineHistory.parse(new Timeline(2), "one"));
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
