package io.pgbackup.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.MemoryObjectStore;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DiscoveryTest {
  private final CountedFolders store = new CountedFolders();
  private final ForeignLayouts layouts = new ForeignLayouts(store);

  private Discovery discover() {
    return new Catalog(store).discover(PrefixTemplate.DEFAULT, Optional.empty());
  }

  @ParameterizedTest
  @CsvSource({
    "spilo/orders/6f0c8d1e-1111-4222-8333-9a9a9a9a9a9a/wal/15, orders,"
        + " 6f0c8d1e-1111-4222-8333-9a9a9a9a9a9a",
    "spilo/orders/6f0c8d1e-1111-4222-8333-9a9a9a9a9a9a/wal, orders,"
        + " 6f0c8d1e-1111-4222-8333-9a9a9a9a9a9a",
    "spilo/orders/wal/15, orders, orders",
    "spilo/orders/wal/9.6, orders, orders",
    "spilo/shop-orders/wal, shop-orders, shop-orders",
    "spilo/wal/wal/15, wal, wal",
    "copies/spilo/orders/u-1/wal/15, orders, u-1",
    "backups/orders/15, orders, orders",
    "backups/orders, orders, orders",
    "orders, orders, orders",
    "prod/eu/orders/16, orders, orders",
    "prod/_orders_, orders, orders",
    "16, 16, 16",
    "'', bucket, bucket",
  })
  void anArchiveIsNamedByItsPath(String folder, String cluster, String uid) {
    layouts.walG(folder);

    assertThat(discover().lineages())
        .extracting(
            lineage -> lineage.prefix().path(),
            lineage -> lineage.cluster().toString(),
            lineage -> lineage.uid().value())
        .containsExactly(tuple(StoreFolder.of(folder).path(), "default/" + cluster, uid));
  }

  /// P73.
  @Test
  void eachPostgresVersionUnderOneUidIsALineage() {
    layouts.walG("spilo/orders/u-1/wal/14");
    layouts.walG("spilo/orders/u-1/wal/15");
    layouts.walG("spilo/orders/u-2/wal/15");

    assertThat(discover().lineages())
        .extracting(lineage -> lineage.prefix().path())
        .containsExactly(
            "spilo/orders/u-1/wal/14/", "spilo/orders/u-1/wal/15/", "spilo/orders/u-2/wal/15/");
  }

  @Test
  void anArchiveAtTheRootHidesNoOther() {
    layouts.walG("");
    layouts.walG("pgbackup/shop/orders/u-1/18");
    layouts.walG("other");

    assertThat(discover().lineages())
        .extracting(lineage -> lineage.cluster().toString())
        .containsExactly("default/bucket", "default/other", "shop/orders");
  }

  @Test
  void walWithoutABaseBackupIsAnArchiveToo() {
    layouts.put("orders/wal_005/000000010000000000000002.partial.lz4");
    layouts.put("ledger/wal_005/00000002.history.zst");

    assertThat(discover().lineages())
        .extracting(lineage -> lineage.cluster().name())
        .containsExactly("ledger", "orders");
  }

  @Test
  void whatWalGKeepsOfOtherDatabasesIsNoCluster() {
    layouts.otherDatabases(StoreFolder.of("mysql"));
    layouts.put("notes/wal_005/readme.txt");
    layouts.put("empty/basebackups_005/readme.txt");

    Discovery found = discover();

    assertThat(found.lineages()).isEmpty();
    assertThat(found.unreadable()).isEmpty();
  }

  @Test
  void anArchiveOfWalEIsNamedAndRefused() {
    layouts.walE(StoreFolder.of("spilo/orders/u-1/wal/9.6"));

    Discovery found = discover();

    assertThat(found.lineages()).isEmpty();
    assertThat(found.unreadable())
        .singleElement()
        .satisfies(
            archive -> {
              assertThat(archive.cluster()).hasToString("default/orders");
              assertThat(archive.uid()).hasToString("u-1");
              assertThat(archive.problem()).isInstanceOf(Problem.Refused.class);
              assertThat(archive.problem().message())
                  .contains("spilo/orders/u-1/wal/9.6/", "WAL-E");
              assertThat(archive.problem().hint().orElseThrow()).contains("base backup");
            });
  }

  @Test
  void whereWalGWentOnInWalEsFolderItsBackupsCount() {
    layouts.walE(StoreFolder.of("orders"));
    layouts.put("orders/basebackups_005/base_000000010000000000000009/metadata.json");

    Discovery found = discover();

    assertThat(found.unreadable()).isEmpty();
    assertThat(found.lineages()).hasSize(1);
  }

  @Test
  void aDamagedClaimHidesNoOtherCluster() {
    layouts.put("pgbackup/shop/orders/u-1/18/pgbackup/claim.json");
    layouts.walG("pgbackup/shop/ledger/u-2/18");

    Discovery found = discover();

    assertThat(found.lineages()).extracting(Lineage::cluster).hasToString("[shop/ledger]");
    assertThat(found.unreadable())
        .singleElement()
        .satisfies(
            archive ->
                assertThat(archive.problem()).isInstanceOf(Problem.VerificationFailed.class));
  }

  @Test
  void aBucketFullOfOtherThingsIsLookedThroughForAWhileAndThatIsSaid() {
    for (int day = 0; day < 3000; day++) {
      layouts.put("events/day=%04d/part-0.parquet".formatted(day));
    }
    layouts.walG("spilo/orders/u-1/wal/15");
    layouts.walG("backups/ledger/16");
    layouts.walG("pgbackup/shop/stock/u-2/18");

    Discovery found = discover();

    assertThat(found.lineages())
        .extracting(lineage -> lineage.cluster().name())
        .containsExactly("ledger", "orders", "stock");
    // root, events in three pages and its days
    assertThat(found.unvisited()).isEqualTo(4 + 3000 - LineageFinder.MOST);
    assertThat(store.asked).isLessThan(LineageFinder.MOST + 50);
  }

  @Test
  void aFolderOfManyObjectsIsNotPagedThroughToItsEnd() {
    for (int object = 0; object < 12_000; object++) {
      layouts.put("logs/%06d.gz".formatted(object));
    }
    layouts.walG("logs/zoo");
    layouts.walG("orders");

    Discovery found = discover();

    assertThat(found.lineages()).extracting(Lineage::cluster).hasToString("[default/orders]");
    assertThat(found.unvisited()).isEqualTo(1);
    assertThat(store.lists()).isLessThan(20);
  }

  @Test
  void folderForFolderAListIsAskedOnce() {
    for (String uid : List.of("u-1", "u-2", "u-3")) {
      layouts.walG("spilo/orders/" + uid + "/wal/15");
    }

    discover();

    // root, pgbackup, spilo, orders, backups; each UID, its wal, version, and basebackups_005
    assertThat(store.asked).isEqualTo(5 + 3 * 4);
  }

  @Test
  void whatMayNotBeListedIsLeftOutAndNamed() {
    layouts.walG("pgbackup/shop/orders/u-1/18");
    layouts.walG("orders");
    store.forbidden = List.of(StoreFolder.ROOT, StoreFolder.of("pgbackup"));

    Discovery found =
        new Catalog(store)
            .discover(PrefixTemplate.DEFAULT, Optional.of(new ClusterId("shop", "orders")));

    assertThat(found.lineages())
        .extracting(lineage -> lineage.prefix().path())
        .containsExactly("pgbackup/shop/orders/u-1/18/");
    assertThat(discover().forbidden())
        .extracting(Discovery.Forbidden::folder)
        .contains(StoreFolder.ROOT, StoreFolder.of("pgbackup"));
  }

  @Test
  void aClusterThatIsFoundInAKnownLayoutIsNotLookedForElsewhere() {
    for (int day = 0; day < 100; day++) {
      layouts.put("events/day=%04d/part-0.parquet".formatted(day));
    }
    layouts.walG("pgbackup/shop/orders/u-1/18");
    layouts.walG("bare/ledger");

    Discovery orders = discover("shop", "orders");
    int cheap = store.asked;
    Discovery ledger = discover("default", "ledger");

    assertThat(orders.lineages()).extracting(Lineage::cluster).hasToString("[shop/orders]");
    assertThat(cheap).isLessThan(10);
    assertThat(ledger.lineages())
        .extracting(Lineage::cluster)
        .contains(new ClusterId("default", "ledger"));
  }

  private Discovery discover(String namespace, String cluster) {
    return new Catalog(store)
        .discover(PrefixTemplate.DEFAULT, Optional.of(new ClusterId(namespace, cluster)));
  }

  @Test
  void aLiteralTemplateShowsWhatARestoreBeganToo() {
    layouts.walG("old/orders");
    layouts.walG("pgbackup/default/orders/u-2/18");
    layouts.walG("pgbackup/default/ledger/u-3/18");

    assertThat(new Catalog(store).lineages(new PrefixTemplate("old/orders")))
        .extracting(lineage -> lineage.prefix().path())
        .containsExactly("old/orders/", "pgbackup/default/orders/u-2/18/");
  }

  private static final class CountedFolders extends MemoryObjectStore {
    private List<StoreFolder> forbidden = List.of();
    private int asked;

    @Override
    public synchronized List<StoreFolder> folders(StoreFolder parent) {
      asked++;
      if (forbidden.contains(parent)) {
        throw Problem.storageFailed("access denied", "Ask somebody.").asException();
      }
      return super.folders(parent);
    }
  }
}
