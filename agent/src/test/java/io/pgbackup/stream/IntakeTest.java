package io.pgbackup.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.engine.tail.Piece;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.problem.PgBackupException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.BeforeTry;

class IntakeTest {
  private static final int MEBIBYTE = 1 << 20;
  private static final WalSegment FIRST =
      WalSegment.parse("000000010000000000000002", new WalSegmentSize(MEBIBYTE));

  private final byte[] wal = new byte[4 * MEBIBYTE];
  private byte[] stored = new byte[wal.length];
  private Intake intake = new Intake(FIRST);

  @BeforeTry
  void nothingYet() {
    new Random(7).nextBytes(wal);
    stored = new byte[wal.length];
    intake = new Intake(FIRST);
  }

  private int offset(Lsn position) {
    return (int) position.minus(FIRST.start());
  }

  private int received() {
    return offset(intake.position());
  }

  private boolean add(int length) {
    int from = received();
    int to = Math.min(wal.length, from + length);
    return intake.add(intake.position(), ByteBuffer.wrap(wal, from, to - from));
  }

  /// @return whether there was anything
  private boolean storeNext() {
    return intake
        .now()
        .map(
            work -> {
              switch (work) {
                case Intake.Work.Whole(var segment, var content) ->
                    System.arraycopy(content, 0, stored, offset(segment.start()), content.length);
                case Intake.Work.Part(Piece piece, var content) -> {
                  assertThat(content).hasSize(piece.length());
                  System.arraycopy(content, 0, stored, offset(piece.from()), content.length);
                }
              }
              intake.stored(work);
              return work;
            })
        .isPresent();
  }

  /// Messages of any length, stored between them now and then.
  @Property(tries = 100)
  void allThatWasReceivedIsStoredAndIsTheSame(
      @ForAll @Size(max = 40) List<@IntRange(min = -2, max = 400_000) Integer> steps) {
    for (int step : steps) {
      if (step > 0) {
        add(step);
      } else {
        storeNext();
      }
    }
    while (storeNext()) {}

    assertThat(Arrays.equals(stored, 0, received(), wal, 0, received())).isTrue();
  }

  @Example
  void twoSmallSegmentsHaveRoomAndAThirdHasNot() {
    assertThat(add(2 * MEBIBYTE)).isTrue();
    assertThat(add(1)).isFalse();

    storeNext();

    assertThat(add(1)).isTrue();
  }

  @Example
  void oneLargeSegmentHasRoom() {
    WalSegment large =
        WalSegment.parse("000000010000000000000002", new WalSegmentSize(32 * MEBIBYTE));
    Intake narrow = new Intake(large);
    assertThat(narrow.add(large.start(), ByteBuffer.allocate(32 * MEBIBYTE))).isTrue();

    assertThat(narrow.add(large.end(), ByteBuffer.allocate(1))).isFalse();
  }

  @Example
  void nowAndThenAPieceBeginsWithTheSegmentSoThatAReaderNeedsFew() {
    int atItsBeginning = 0;
    for (int i = 0; i < 100; i++) {
      add(100);
      if (intake.now().orElseThrow() instanceof Intake.Work.Part part) {
        atItsBeginning += part.piece().from().equals(FIRST.start()) ? 1 : 0;
        intake.stored(part);
      }
    }

    assertThat(atItsBeginning).isEqualTo(4);
  }

  @Example
  void whatWasStoredDoesNotComeAgainAndWhatWasNotDoes() {
    add(100);
    Intake.Work first = intake.now().orElseThrow();
    add(100);

    assertThat(piece(intake.now().orElseThrow()).to()).isEqualTo(FIRST.start().plus(200));
    intake.stored(first);
    assertThat(piece(intake.now().orElseThrow()).from()).isEqualTo(FIRST.start().plus(100));
    intake.stored(intake.now().orElseThrow());
    assertThat(intake.now()).isEmpty();
  }

  private static Piece piece(Intake.Work work) {
    return ((Intake.Work.Part) work).piece();
  }

  @Example
  void aHoleIsNotTaken() {
    assertThatThrownBy(() -> intake.add(FIRST.start().plus(1), ByteBuffer.allocate(10)))
        .isInstanceOf(PgBackupException.class)
        .hasMessageContaining("0/200001")
        .hasMessageContaining("0/200000");
  }
}
