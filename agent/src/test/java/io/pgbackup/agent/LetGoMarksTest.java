package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.catalog.Lineage;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.catalog.SegmentSet;
import io.pgbackup.catalog.WalGap;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.MemoryObjectStore;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LetGoMarksTest {
  private static final Instant NOW = Instant.parse("2026-11-21T02:00:00Z");
  private static final LineageUid UID = LineageUid.random();
  private static final ArchiveLayout LAYOUT = new ArchiveLayout(StoreFolder.of("a"));
  private static final WalGap WANTED = gap(5, 9);
  private static final WalGap LOST = gap(11, 11);

  private boolean away;
  private final MemoryObjectStore store =
      new MemoryObjectStore() {
        @Override
        public synchronized CreateOutcome create(
            ObjectKey key, byte[] content, Map<String, String> metadata) {
          if (away) {
            throw Problem.storageUnavailable("the store is away", "Wait.").asException();
          }
          return super.create(key, content, metadata);
        }
      };
  private final LetGoMarks marks = new LetGoMarks(store, () -> NOW);

  private static String name(int number) {
    return "0000000100000000%08X".formatted(number);
  }

  private static WalFileName.Segment file(int number) {
    return (WalFileName.Segment) WalFileName.parse(name(number));
  }

  private static WalGap gap(int first, int last) {
    return new WalGap(
        WalSegment.parse(name(first), WalSegmentSize.DEFAULT),
        WalSegment.parse(name(last), WalSegmentSize.DEFAULT));
  }

  private static CatalogWatch.Known archive(WalGap... gaps) {
    return new CatalogWatch.Known(
        UID,
        new LineageCatalog(
            new Lineage(new ClusterId("shop", "orders"), UID, StoreFolder.ROOT, Optional.empty()),
            List.of(),
            SegmentSet.of(List.of()),
            WalSegmentSize.DEFAULT,
            TimelineHistory.root(Timeline.FIRST),
            List.of(),
            Map.of(),
            List.of(gaps),
            Optional.empty(),
            Optional.empty(),
            List.of()),
        NOW);
  }

  @Test
  void tellsAGapThatWasWantedFromALoss() {
    marks.begun(file(5), Optional.of(UID));

    marks.look(LAYOUT, archive(WANTED, LOST));

    assertThat(marks.letGo(WANTED)).isTrue();
    assertThat(marks.letGo(LOST)).isFalse();
  }

  @Test
  void stillKnowsItInAnotherProcess() {
    marks.begun(file(5), Optional.empty());
    marks.look(LAYOUT, archive());

    LetGoMarks later = new LetGoMarks(store, () -> NOW);
    // it goes on letting WAL go, in the middle of the gap
    later.begun(file(7), Optional.of(UID));
    later.look(LAYOUT, archive(WANTED, LOST));

    assertThat(later.letGo(WANTED)).isTrue();
    assertThat(later.letGo(LOST)).isFalse();
  }

  @Test
  void writesOnceTheStoreIsBack() {
    marks.begun(file(5), Optional.of(UID));
    away = true;
    assertThatThrownBy(() -> marks.look(LAYOUT, archive(WANTED)))
        .isInstanceOf(PgBackupException.class);
    assertThat(marks.letGo(WANTED)).isFalse();

    away = false;
    marks.look(LAYOUT, archive(WANTED));
    assertThat(marks.letGo(WANTED)).isTrue();
  }

  @Test
  void saysNothingOfAnotherLineagesArchive() {
    marks.begun(file(5), Optional.of(LineageUid.random()));

    marks.look(LAYOUT, archive(WANTED));

    assertThat(marks.letGo(WANTED)).isFalse();
  }
}
