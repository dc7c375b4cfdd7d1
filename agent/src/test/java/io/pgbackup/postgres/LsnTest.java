package io.pgbackup.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LsnTest {
  @Property
  void whatIsWrittenIsReadAgain(@ForAll long value) {
    Lsn lsn = new Lsn(value);

    assertThat(Lsn.parse(lsn.toString())).isEqualTo(lsn);
  }

  @Property
  void orderIsThatOfUnsignedPositions(@ForAll long left, @ForAll long right) {
    assertThat(Integer.signum(new Lsn(left).compareTo(new Lsn(right))))
        .isEqualTo(Integer.signum(Long.compareUnsigned(left, right)));
  }

  @Test
  void looksAsPostgresqlWritesIt() {
    assertThat(new Lsn(0x16_B374_D848L)).hasToString("16/B374D848");
    assertThat(new Lsn(33_554_472)).hasToString("0/2000028");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "16", "16/", "/1", "16/B374D8489", "g/1", "-1/2", "1/2/3", " 1/2"})
  void refusesWhatIsNoPosition(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Lsn.parse(text))
        .withMessageContaining("16/B374D848");
  }
}
