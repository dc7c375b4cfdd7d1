package io.pgbackup.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WalSegmentTest {
  @Provide
  Arbitrary<WalSegmentSize> sizes() {
    return Arbitraries.integers().between(20, 30).map(power -> new WalSegmentSize(1 << power));
  }

  @Property
  void aNameLeadsBackToItsSegmentUnderEverySize(
      @ForAll @LongRange(min = 1, max = 0xFFFF_FFFFL) long timeline,
      @ForAll @LongRange(min = 0, max = 0xFFFF_FFFF_FFFFL) long position,
      @ForAll("sizes") WalSegmentSize size) {
    WalSegment segment = WalSegment.containing(new Timeline(timeline), new Lsn(position), size);

    assertThat(WalSegment.parse(segment.fileName(), size)).isEqualTo(segment);
    assertThat(segment.start().compareTo(new Lsn(position))).isLessThanOrEqualTo(0);
    assertThat(new Lsn(position).isBefore(segment.end())).isTrue();
  }

  @Property
  void theNextSegmentBeginsWhereThisOneEnds(
      @ForAll @LongRange(min = 0, max = 0xFFFF_FFFF_FFFFL) long position,
      @ForAll("sizes") WalSegmentSize size) {
    WalSegment segment = WalSegment.containing(Timeline.FIRST, new Lsn(position), size);

    assertThat(segment.next().start()).isEqualTo(segment.end());
    assertThat(segment.next().previous()).isEqualTo(segment);
    assertThat(segment.next().fileName()).isGreaterThan(segment.fileName());
  }

  @Test
  void namesAreThoseOfPostgresql() {
    WalSegment segment =
        WalSegment.containing(Timeline.FIRST, Lsn.parse("16/B374D848"), WalSegmentSize.DEFAULT);

    assertThat(segment.fileName()).isEqualTo("0000000100000016000000B3");
  }

  @Test
  void theSamePositionHasAnotherNameUnderAnotherSize() {
    var small = new WalSegmentSize(1 << 20);

    assertThat(WalSegment.containing(Timeline.FIRST, Lsn.parse("0/2000028"), small).fileName())
        .isEqualTo("000000010000000000000020");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "00000001000000000000000",
        "00000001000000000000000g",
        "0000000100000000000000ab",
        "000000010000000000000100",
        "000000010000000000000001.partial",
        "000000000000000000000001"
      })
  void refusesWhatIsNoSegment(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> WalSegment.parse(name, WalSegmentSize.DEFAULT));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 1 << 19, (16 << 20) + 1, 3 << 20})
  void refusesSizesThatInitdbRefuses(int bytes) {
    assertThatIllegalArgumentException().isThrownBy(() -> new WalSegmentSize(bytes));
  }
}
