package io.pgbackup.postgres.wal;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.engine.format.Codec;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.testing.GoldenArchive;
import io.pgbackup.testing.SyntheticWal;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/// Against segments that PostgreSQL 15 wrote: the golden archive's, and their mutations.
class WalReaderTest {
  private static final int PAGE = 8192;
  private static final WalSegment UPDATES = segment("000000010000000000000004");
  private static final byte[] UPDATES_CONTENT = content(UPDATES);
  private static final WalScan UPDATES_SCAN = scan(UPDATES, UPDATES_CONTENT);

  @Test
  void findsTheCommitBeforeEachInstantThatWasRecorded() {
    // given: an instant was taken right after a commit, with the position behind it
    WalSegment deletes = segment("000000010000000000000007");
    GoldenArchive.Expected afterDelete = GoldenArchive.expected().get(4);

    WalScan scan = scan(deletes, content(deletes));

    TransactionEnd last = scan.transactionEnds().getLast();
    assertThat(last.end()).isLessThanOrEqualTo(Lsn.parse(afterDelete.lsn()));
    assertThat(last.time())
        .isBefore(afterDelete.instant())
        .isAfter(GoldenArchive.expected().get(3).instant());
  }

  @Test
  void aSwitchedSegmentIsWhole() {
    assertThat(UPDATES_SCAN.whole()).isTrue();
    assertThat(UPDATES_SCAN.validEnd()).isEqualTo(UPDATES.end());
    assertThat(UPDATES_SCAN.openTransactionEnd()).isFalse();
  }

  @Test
  void theFirstSegmentOfATimelineBeginsWithPagesOfTheOneItLeft() {
    WalSegment promoted = segment("000000020000000000000008");
    byte[] content = content(promoted);

    assertThat(SegmentHeader.parse(content))
        .contains(
            new SegmentHeader(
                15,
                Timeline.FIRST,
                promoted.start(),
                SystemIdentifier.parse("7710442175026949048"),
                WalSegmentSize.DEFAULT,
                PAGE));
    assertThat(scan(promoted, content).transactionEnds().getLast().time())
        .isBefore(GoldenArchive.expected().getLast().instant())
        .isAfter(Instant.parse("2026-11-21T02:13:45Z"));
  }

  @Test
  void aSegmentUnderAnotherNameHoldsNothing() {
    WalScan scan = scan(UPDATES.next(), UPDATES_CONTENT);

    assertThat(scan.transactionEnds()).isEmpty();
    assertThat(scan.whole()).isFalse();
    assertThat(scan.validEnd()).isEqualTo(UPDATES.next().start());
  }

  @Test
  void anEmptyFileHoldsNothing() {
    assertThat(scan(UPDATES, new byte[0]).whole()).isFalse();
  }

  @Property(tries = 100)
  void aCutSegmentKeepsWhatLiesBeforeTheCut(@ForAll Random random) {
    int cut = random.nextInt(UPDATES_CONTENT.length);

    WalScan scan = scan(UPDATES, java.util.Arrays.copyOf(UPDATES_CONTENT, cut));

    assertThat(scan.transactionEnds()).containsExactlyElementsOf(endsBefore(cut / PAGE));
  }

  @Property(tries = 300)
  void aDamagedSegmentNeverShowsWhatWasNotWritten(@ForAll Random random) {
    assertHarmlessDamage(UPDATES, UPDATES_CONTENT, random);
  }

  @Property(tries = 300)
  void aDamagedSegmentFullOfCommitsShowsNoneThatWasNotWritten(@ForAll Random random) {
    SyntheticWal dense = SyntheticWal.create(new WalSegmentSize(1 << 20));
    WalSegment segment = dense.current();
    for (int i = 0; i < 2000; i++) {
      dense.commit(Instant.EPOCH.plusSeconds(i));
    }
    dense.switchSegment();

    assertHarmlessDamage(segment, dense.content(segment), random);
  }

  private static void assertHarmlessDamage(WalSegment segment, byte[] content, Random random) {
    List<TransactionEnd> written = scan(segment, content).transactionEnds();
    int used = (int) written.getLast().end().minus(segment.start());
    byte[] damaged = content.clone();
    int firstPage = Integer.MAX_VALUE;
    for (int i = random.nextInt(4); i >= 0; i--) {
      // headers more often than chance would
      int page = random.nextInt(used / PAGE + 1);
      int offset = random.nextBoolean() ? random.nextInt(40) : random.nextInt(PAGE);
      damaged[page * PAGE + offset] ^= (byte) (1 << random.nextInt(8));
      firstPage = Math.min(firstPage, page);
    }
    Lsn damage = segment.start().plus((long) firstPage * PAGE);

    List<TransactionEnd> found = scan(segment, damaged).transactionEnds();

    assertThat(found).isEqualTo(written.stream().limit(found.size()).toList());
    assertThat(found)
        .hasSizeGreaterThanOrEqualTo(
            (int) written.stream().filter(end -> !damage.isBefore(end.end())).count());
  }

  @Property(tries = 300)
  void noBytesMakeItFail(@ForAll byte[] content) {
    assertThat(scan(UPDATES, content).transactionEnds()).isEmpty();
  }

  private static List<TransactionEnd> endsBefore(int page) {
    Lsn limit = UPDATES.start().plus((long) page * PAGE);
    return UPDATES_SCAN.transactionEnds().stream()
        .filter(end -> !limit.isBefore(end.end()))
        .toList();
  }

  private static WalScan scan(WalSegment segment, byte[] content) {
    try {
      return new WalReader().read(segment, new ByteArrayInputStream(content));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static WalSegment segment(String name) {
    return WalSegment.parse(name, WalSegmentSize.DEFAULT);
  }

  private static byte[] content(WalSegment segment) {
    String path = "wal_005/" + segment + ".lz4";
    return Codec.LZ4.decompress(GoldenArchive.bytes(path), path, segment.size().bytes());
  }
}
