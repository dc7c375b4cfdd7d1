package io.pgbackup.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.lineage.Claim;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import io.pgbackup.testing.MemoryObjectStore;
import io.pgbackup.testing.SteppingClock;
import io.pgbackup.testing.SyntheticWal;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.statistics.Statistics;

/// Over random lives of a cluster, with base backups, promotions, lost segments and the oldest WAL
/// deleted again and again: what index objects say is what a listing of everything says.
class IndexPropertyTest {
  private static final Instant BEGIN = Instant.parse("2026-08-20T12:00:00Z");
  private static final IndexKeeper.Sizes SMALL =
      new IndexKeeper.Sizes(3, 1, 1, Duration.ofSeconds(2));
  static final Lineage LINEAGE = lineage(ModelArchive.PREFIX);

  static Lineage lineage(StoreFolder prefix) {
    ClusterId cluster = new ClusterId("shop", "orders");
    LineageUid uid = new LineageUid("one");
    return new Lineage(
        cluster,
        uid,
        prefix,
        Optional.of(
            new Claim(
                cluster,
                uid,
                SyntheticWal.SYSTEM,
                new ServerVersion(180006),
                ModelArchive.SIZE,
                Optional.empty(),
                BEGIN)));
  }

  @Property(tries = 60)
  void withIndexesAndWithoutTheSameIsRead(@ForAll long seed) {
    Random random = new Random(seed);
    ModelArchive archive = new ModelArchive(random, Duration.ZERO);
    MemoryObjectStore store = archive.store();
    ArchiveLayout layout = new ArchiveLayout(ModelArchive.PREFIX);
    long written = 0;
    for (int era = 0; era < 4; era++) {
      archive.live(30);
      keep(store);
      written += indexes(store);
      assertThat(read(store)).isEqualTo(readWhole(store));

      // another tool deletes the oldest WAL, or our own retention
      Set<ObjectKey> old = archive.expire();
      if (random.nextBoolean()) {
        SegmentIndexes indexes = new SegmentIndexes(store);
        store.delete(indexes.about(layout, old));
        store.delete(old);
        assertThat(indexes.about(layout, old)).isEmpty();
      } else {
        store.delete(old);
      }
      assertThat(read(store)).isEqualTo(readWhole(store));
    }
    Statistics.label("an index was written")
        .collect(written > 0)
        .coverage(checker -> checker.check(true).percentage(part -> part > 90));
  }

  /// The second time it lists everything, so that what was lost by hand is found.
  private static void keep(MemoryObjectStore store) {
    IndexKeeper keeper =
        new IndexKeeper(store, new Catalog(store), LINEAGE, new SteppingClock(BEGIN), SMALL);
    keeper.read();
    keeper.read();
  }

  private static LineageCatalog read(MemoryObjectStore store) {
    return new Catalog(store).read(LINEAGE);
  }

  private static LineageCatalog readWhole(MemoryObjectStore store) {
    return new Catalog(store).readWhole(LINEAGE);
  }

  private static long indexes(MemoryObjectStore store) {
    try (Stream<StoredObject> objects = store.list("model/pgbackup/index/")) {
      return objects.count();
    }
  }
}
