package io.pgbackup.engine.tail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import io.pgbackup.testing.MemoryObjectStore;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.BeforeTry;

class PiecesTest {
  private static final int MEBIBYTE = 1 << 20;
  private static final WalSegment SEGMENT =
      WalSegment.parse("000000020000000A000000B3", new WalSegmentSize(MEBIBYTE));
  private static final ArchiveLayout LAYOUT = new ArchiveLayout(new StoreFolder("a/"));
  private static final Packing LZ4 = Packing.plain(Codec.LZ4);

  private final byte[] wal = new byte[MEBIBYTE];
  private MemoryObjectStore store = new MemoryObjectStore();
  private Pieces pieces = new Pieces(store, LAYOUT, ObjectCipher.NONE);

  @BeforeTry
  void emptyStore() {
    new Random(1).nextBytes(wal);
    store = new MemoryObjectStore();
    pieces = new Pieces(store, LAYOUT, ObjectCipher.NONE);
  }

  record Range(int from, int to) {
    Piece piece() {
      return new Piece(SEGMENT, SEGMENT.start().plus(from), SEGMENT.start().plus(to));
    }
  }

  @Provide
  Arbitrary<List<Range>> ranges() {
    Arbitrary<Integer> position = Arbitraries.integers().between(0, 40);
    return Combinators.combine(position, position)
        .as((a, b) -> new Range(Math.min(a, b) * 1000, Math.max(a, b) * 1000 + 500))
        .list()
        .ofMaxSize(12);
  }

  private void put(Range range) {
    pieces.put(range.piece(), Arrays.copyOfRange(wal, range.from(), range.to()), LZ4);
  }

  /// Byte by byte, as nobody would do it.
  private static int reach(List<Range> ranges) {
    int end = 0;
    boolean further = true;
    while (further) {
      int now = end;
      Optional<Range> next =
          ranges.stream().filter(range -> range.from() <= now && range.to() > now).findAny();
      further = next.isPresent();
      end = next.map(Range::to).orElse(end);
    }
    return end;
  }

  @Property(tries = 300)
  void whatFollowsWithoutAHoleIsPutTogetherAndNothingElse(@ForAll("ranges") List<Range> ranges) {
    ranges.forEach(this::put);

    Optional<Tail> tail = pieces.read(SEGMENT);

    int end = reach(ranges);
    assertThat(tail.map(found -> found.end().minus(SEGMENT.start())).orElse(0L)).isEqualTo(end);
    byte[] expected = Arrays.copyOf(Arrays.copyOf(wal, end), MEBIBYTE);
    tail.ifPresent(found -> assertThat(found.content()).isEqualTo(expected));
  }

  @Example
  void aPieceIsNamedByItsPositions() {
    put(new Range(0, 8192));

    assertThat(keys())
        .containsExactly(
            "a/pgbackup/stream/000000020000000A000000B3/0000000A0B300000-0000000A0B302000.lz4");
  }

  @Example
  void aDamagedPieceEndsIt() {
    put(new Range(0, 1000));
    put(new Range(1000, 2000));
    damage(new Range(1000, 2000), new byte[1000]);

    assertThat(pieces.read(SEGMENT).orElseThrow().end()).isEqualTo(SEGMENT.start().plus(1000));
  }

  @Example
  void aPieceThatIsShorterThanItsNameSaysEndsIt() {
    put(new Range(0, 1000));
    put(new Range(1000, 2000));
    damage(new Range(1000, 2000), Arrays.copyOfRange(wal, 1000, 1900));

    assertThat(pieces.read(SEGMENT).orElseThrow().end()).isEqualTo(SEGMENT.start().plus(1000));
  }

  @Example
  void piecesThatContradictEachOtherEndIt() {
    put(new Range(0, 1000));
    pieces.put(new Range(500, 2000).piece(), new byte[1500], LZ4);

    assertThat(pieces.read(SEGMENT).orElseThrow().end()).isEqualTo(SEGMENT.start().plus(1000));
  }

  @Example
  void otherContentUnderTheSameNameIsRefused() {
    put(new Range(0, 1000));
    put(new Range(0, 1000));

    assertThatThrownBy(() -> pieces.put(new Range(0, 1000).piece(), new byte[1000], LZ4))
        .isInstanceOf(PgBackupException.class)
        .hasMessageContaining("already holds other content");
  }

  @Example
  void whatIsNoPieceOfTheSegmentIsPassedOver() {
    String folder = "a/pgbackup/stream/" + SEGMENT.fileName() + "/";
    for (String name :
        List.of(
            "0000000A0B300000-0000000A0B400001.lz4",
            "0000000A0B2FFFFF-0000000A0B300001.lz4",
            "0000000A0B300010-0000000A0B300010.lz4",
            "0000000A0B300000-0000000A0B300010.rar",
            "notes")) {
      store.create(new ObjectKey(folder + name), new byte[1], Map.of());
    }

    assertThat(pieces.chain(SEGMENT).isEmpty()).isTrue();
    assertThat(pieces.read(SEGMENT)).isEmpty();
    assertThat(pieces.read(SEGMENT.on(Timeline.FIRST))).isEmpty();
  }

  private void damage(Range range, byte[] content) {
    var key = range.piece().key(LAYOUT, Codec.LZ4);
    Map<String, String> metadata = store.head(key).map(StoredObject::metadata).orElseThrow();
    store.delete(List.of(key));
    store.create(key, LZ4.pack(content), metadata);
  }

  private List<String> keys() {
    try (Stream<StoredObject> objects = store.list("a/")) {
      return objects.map(object -> object.key().value()).toList();
    }
  }
}
