package io.pgbackup.engine.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class PackingTest {
  private static final int LIMIT = 200_000;

  private final Packing packing = Packing.plain(Codec.LZ4);

  @Property(tries = 200)
  void unpacksTheSameWhateverSizeWasExpected(
      @ForAll @IntRange(max = LIMIT) int size, @ForAll @IntRange(max = 2 * LIMIT) int expected)
      throws IOException {
    byte[] content = new byte[size];
    new Random(size).nextBytes(content);

    assertThat(unpack(content, expected)).isEqualTo(content);
    assertThat(unpack(content, size)).isEqualTo(content);
  }

  @Property(tries = 50)
  void refusesOneByteTooManyWhateverSizeWasExpected(
      @ForAll @IntRange(max = 2 * LIMIT) int expected) {
    byte[] tooMuch = new byte[LIMIT + 1];

    assertThatThrownBy(() -> unpack(tooMuch, expected))
        .hasMessageContaining("an object holds more than the 200000 bytes it can have");
  }

  private byte[] unpack(byte[] content, int expected) throws IOException {
    return packing.unpack(
        new ByteArrayInputStream(packing.pack(content)),
        "an object",
        LIMIT,
        expected,
        byte[]::new,
        Optional::empty);
  }
}
