package io.pgbackup.engine.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.testing.GoldenArchive;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IncrementReaderTest {
  private static final int PAGE = IncrementReader.PAGE;

  @Property(tries = 200)
  void whatWasWrittenIsRead(@ForAll("pages") SortedMap<Integer, byte[]> pages) throws IOException {
    long size = 40L * PAGE;

    var reader = read(Increments.of(size, pages));

    assertThat(reader.fileSize()).isEqualTo(size);
    assertThat(reader.pages()).isEqualTo(pages.size());
    assertThat(restOf(reader)).containsExactlyEntriesOf(pages);
  }

  @Provide
  Arbitrary<SortedMap<Integer, byte[]>> pages() {
    Arbitrary<byte[]> page =
        Arbitraries.randomValue(
            random -> {
              byte[] bytes = new byte[PAGE];
              random.nextBytes(bytes);
              return bytes;
            });
    return Arbitraries.maps(Arbitraries.integers().between(0, 39), page)
        .ofMaxSize(8)
        .map(TreeMap::new);
  }

  @Test
  void anIncrementOfRealWalgIsRead() throws IOException {
    var tar =
        new TarReader(
            new ByteArrayInputStream(
                Codec.LZ4.decompress(
                    GoldenArchive.bytes(
                        "basebackups_005/"
                            + GoldenArchive.DELTA
                            + "/tar_partitions/part_001.tar.lz4"),
                    "part_001.tar.lz4",
                    64 << 20)),
            "part_001.tar.lz4");
    TarMember member = tar.next().orElseThrow();
    while (!member.name().equals("/base/5/1259")) {
      member = tar.next().orElseThrow();
    }

    var reader = IncrementReader.of(tar.content(), member.name());

    assertThat(member.size()).isEqualTo(16 + 4 + PAGE);
    assertThat(reader.fileSize()).isEqualTo(114688);
    assertThat(restOf(reader).keySet()).containsExactly(0);
  }

  @Test
  void aPageBehindTheEndMakesTheFileGrow() throws IOException {
    var pages = new TreeMap<>(Map.of(3, new byte[PAGE]));

    assertThat(read(Increments.of(2L * PAGE, pages)).fileSize()).isEqualTo(4L * PAGE);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 15, 19, 20, 20 + PAGE, 20 + 2 * PAGE - 1})
  void aCutIncrementIsRefused(int length) {
    byte[] whole =
        Increments.of(4L * PAGE, new TreeMap<>(Map.of(1, new byte[PAGE], 2, new byte[PAGE])));

    assertUnreadable(Arrays.copyOf(whole, length));
  }

  @Test
  void whatFollowsTheLastPageIsRefused() {
    byte[] whole = Increments.of(4L * PAGE, new TreeMap<>());

    assertUnreadable(Arrays.copyOf(whole, whole.length + 1));
  }

  @Test
  void pagesThatDoNotAscendAreRefused() {
    byte[] whole =
        Increments.of(4L * PAGE, new TreeMap<>(Map.of(1, new byte[PAGE], 2, new byte[PAGE])));
    littleEndian(whole).putInt(16, 2);

    assertUnreadable(whole);
  }

  @ParameterizedTest
  @ValueSource(longs = {-8192, 8191, 1L << 62, (IncrementReader.MOST_PAGES + 1L) * PAGE})
  void aSizeThatNoFileHasIsRefused(long size) {
    assertUnreadable(Increments.of(size, new TreeMap<>()));
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, Integer.MAX_VALUE, IncrementReader.MOST_PAGES})
  void aCountThatIsALieTakesNoMemory(int count) {
    byte[] bytes = Increments.of(PAGE, new TreeMap<>());
    littleEndian(bytes).putInt(12, count);

    assertUnreadable(bytes);
  }

  @Property(tries = 500)
  void damageIsRefusedOrRead(@ForAll long seed, @ForAll @IntRange(min = 1, max = 6) int changes)
      throws IOException {
    var random = new Random(seed);
    byte[] bytes =
        Increments.of(4L * PAGE, new TreeMap<>(Map.of(1, new byte[PAGE], 3, new byte[PAGE])));
    for (int i = 0; i < changes; i++) {
      bytes[random.nextInt(28)] = (byte) random.nextInt();
    }
    byte[] damaged = Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
    try {
      restOf(read(damaged));
    } catch (PgBackupException e) {
      assertThat(e.problem()).isInstanceOf(Problem.VerificationFailed.class);
    }
  }

  private static SortedMap<Integer, byte[]> restOf(IncrementReader reader) throws IOException {
    var found = new TreeMap<Integer, byte[]>();
    byte[] page = new byte[PAGE];
    for (long at = reader.nextPage(page); at >= 0; at = reader.nextPage(page)) {
      found.put((int) (at / PAGE), page.clone());
    }
    return found;
  }

  private static IncrementReader read(byte[] bytes) throws IOException {
    return IncrementReader.of(new ByteArrayInputStream(bytes), "/base/5/1");
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void assertUnreadable(byte[] bytes) {
    assertThatThrownBy(() -> restOf(read(bytes)))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e -> assertThat(e.problem()).isInstanceOf(Problem.VerificationFailed.class))
        .hasMessageContaining("/base/5/1");
  }
}
