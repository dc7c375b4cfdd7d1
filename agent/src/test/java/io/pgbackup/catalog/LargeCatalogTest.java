package io.pgbackup.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.SteppingClock;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/// What it costs to read a large archive, in requests; docs/storage.md has these numbers.
class LargeCatalogTest {
  private static final StoreFolder PREFIX = StoreFolder.of("orders");
  private static final Lineage LINEAGE = IndexPropertyTest.lineage(PREFIX);
  private static final int MILLION = 1_000_000;
  private static final int BACKUPS = 5_000;

  private final SteppingClock clock = new SteppingClock(Instant.parse("2026-11-21T00:00:00Z"));

  private record Cost(long lists, long gets) {}

  private static LargeArchive archive(int segments, int backups) {
    LargeArchive archive = new LargeArchive(new ArchiveLayout(PREFIX), segments);
    for (int i = 0; i < backups; i++) {
      archive.backup(i * (segments / backups));
    }
    return archive;
  }

  private static Cost cost(LargeArchive archive, Runnable reading) {
    long lists = archive.lists();
    long gets = archive.gets();
    reading.run();
    return new Cost(archive.lists() - lists, archive.gets() - gets);
  }

  private IndexKeeper indexed(LargeArchive archive) {
    IndexKeeper keeper = new IndexKeeper(archive, new Catalog(archive), LINEAGE, clock);
    keeper.read();
    keeper.read();
    return keeper;
  }

  @Test
  void aMillionSegmentsAndFiveThousandBackupsAreFewListings() {
    LargeArchive archive = archive(MILLION, BACKUPS);

    archive.index();
    Catalog reader = new Catalog(archive);
    Cost first = cost(archive, () -> reader.read(LINEAGE));
    Cost again = cost(archive, () -> reader.read(LINEAGE));

    // 10 of base backups and one of the segment that is not whole in all of them
    assertThat(first).isEqualTo(new Cost(14, 2 * BACKUPS + 2));
    assertThat(again).isEqualTo(new Cost(14, 0));
    LineageCatalog found = reader.read(LINEAGE);
    assertThat(found.segments()).hasSize(MILLION);
    assertThat(found.gaps()).isEmpty();
    assertThat(found.windows()).hasSize(1);
    assertThat(found.windows().getFirst().end()).isEqualTo(LargeArchive.commit(MILLION - 1));
  }

  @Test
  void withoutIndexesTheCostGrowsWithTheSegments() {
    LargeArchive archive = archive(100_000, BACKUPS);

    Cost without = cost(archive, () -> new Catalog(archive).read(LINEAGE));

    assertThat(without).isEqualTo(new Cost(112, 2 * BACKUPS + 2));
  }

  @Test
  void theCostGrowsWithGapsAndNotWithSegments() {
    assertThat(costWithGaps(15_000, 0)).isEqualTo(costWithGaps(60_000, 0));
    long few = costWithGaps(30_000, 10).lists();
    long more = costWithGaps(30_000, 20).lists();
    assertThat(more - few).isEqualTo(10);
  }

  private Cost costWithGaps(int segments, int gaps) {
    LargeArchive archive = archive(segments, 10);
    for (int i = 1; i <= gaps; i++) {
      int at = i * (segments / (gaps + 1)) + 77;
      archive.lose(at, at + 3);
    }
    indexed(archive);
    Catalog reader = new Catalog(archive);
    assertThat(reader.read(LINEAGE).gaps()).hasSize(gaps);
    return cost(archive, () -> reader.read(LINEAGE));
  }

  @Test
  void whatRetentionDeletedIsNotThereWhateverAnIndexSays() {
    LargeArchive archive = archive(20_000, 10);
    indexed(archive);

    archive.lose(0, 9_500);

    LineageCatalog found = new Catalog(archive).read(LINEAGE);
    assertThat(found.segments()).hasSize(10_500);
    assertThat(found.windows().getFirst().oldestBackup().value())
        .isEqualTo("base_" + LargeArchive.segment(10_000).fileName());
  }

  /// P11.
  @Test
  void aHoleThatWasMadeByHandIsFoundWithinADay() {
    LargeArchive archive = archive(20_000, 1);
    IndexKeeper agent = indexed(archive);

    archive.lose(5_000, 5_001);

    assertThat(new Catalog(archive).read(LINEAGE).gaps()).isEmpty();
    assertThat(new Catalog(archive).readWhole(LINEAGE).gaps()).hasSize(1);
    clock.advance(Duration.ofDays(1));
    assertThat(agent.read().gaps()).hasSize(1);
    assertThat(new Catalog(archive).read(LINEAGE).gaps()).hasSize(1);
  }

  @Test
  void walThatWasDeletedBehindAPermanentBackupIsMissedAtOnce() {
    LargeArchive archive = archive(20_000, 0);
    archive.permanentBackup(10);
    archive.backup(15_000);
    indexed(archive);

    archive.lose(0, 10);
    archive.lose(12, 15_000);

    LineageCatalog found = new Catalog(archive).read(LINEAGE);
    assertThat(found).isEqualTo(new Catalog(archive).readWhole(LINEAGE));
    assertThat(found.gaps()).hasSize(1);
  }
}
