package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.engine.WalEngine;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.restore.CatalogModel.Span;
import io.pgbackup.testing.SyntheticWal;
import java.io.IOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class ArchivedEndTest {
  private static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");

  private final SyntheticWal wal = SyntheticWal.create(new WalSegmentSize(1 << 20));
  private final Map<String, byte[]> archive = new HashMap<>();

  @Test
  void nothingIsMissingBehindASegmentThatWasSwitched() throws IOException {
    Lsn end = commitAndSwitch();

    assertThat(missing(end)).isEmpty();
  }

  @Test
  void theBeginningOfARecordThatWasNeverArchivedWholeIsNotMissed() throws IOException {
    wal.commit(NOON);
    wal.fillToTheBrim();
    Lsn end = wal.position();
    wal.commit(NOON.plusSeconds(1));
    archive();

    assertThat(missing(end)).isEmpty();
  }

  @Test
  void whatLiesBehindADamagedSegmentIsMissed() throws IOException {
    commitAndSwitch();
    Lsn damaged = wal.position();
    commitAndSwitch();
    WalSegment last = wal.current();
    commitAndSwitch();

    assertThat(missing(damaged.plus(100)))
        .hasValueSatisfying(
            reason ->
                assertThat(reason)
                    .contains("in WAL segment 000000010000000000000002")
                    .contains("goes on to " + last.fileName()));
  }

  @Test
  void whatADamagedLastSegmentHeldIsMissed() throws IOException {
    commitAndSwitch();
    wal.commit(NOON);
    Lsn damaged = wal.position();
    wal.other(200);
    WalSegment last = wal.current();
    wal.commit(NOON.plusSeconds(1));
    wal.switchSegment();
    archive();
    byte[] content = wal.content(last);
    content[(int) damaged.minus(last.start()) + 100] ^= 1;
    archive.put(last.fileName(), content);

    assertThat(missing(damaged))
        .hasValueSatisfying(
            reason -> assertThat(reason).contains(last.fileName() + " is damaged at " + damaged));
  }

  @Test
  void transactionsOfAWholeLastSegmentAreMissed() throws IOException {
    wal.commit(NOON);
    Lsn early = wal.position();
    wal.commit(NOON.plusSeconds(1));
    wal.switchSegment();
    archive();

    assertThat(missing(early))
        .hasValueSatisfying(reason -> assertThat(reason).contains("1 transactions"));
  }

  private Lsn commitAndSwitch() {
    wal.commit(NOON);
    wal.switchSegment();
    archive();
    return wal.position();
  }

  private void archive() {
    wal.finished().forEach(segment -> archive.put(segment.fileName(), wal.content(segment)));
  }

  private Optional<String> missing(Lsn end) throws IOException {
    RestorePlan plan =
        new RestorePlan(
            new CatalogModel(0, Set.of(), List.of(), new LineageUid("first")).catalog().lineage(),
            new RecoveryTarget.Latest(),
            List.of(CatalogModel.backup(new Span(1, 1))),
            TimelineHistory.root(wal.timeline()),
            new WalSegmentSize(1 << 20),
            new TreeSet<>(wal.finished()));
    return new ArchivedEnd(plan, new Archive(archive)).missing(end);
  }

  private record Archive(Map<String, byte[]> files) implements WalEngine {
    @Override
    public Pushed push(WalFileName name, byte[] content) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Optional<byte[]> fetch(WalFileName name) {
      return Optional.ofNullable(files.get(name.text()));
    }
  }
}
