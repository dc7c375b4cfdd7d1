package io.pgbackup.catalog;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.lineage.Claim;
import io.pgbackup.lineage.Claims;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.MemoryObjectStore;
import io.pgbackup.testing.SyntheticWal;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CatalogTest {
  private final MemoryObjectStore store = new MemoryObjectStore();

  @Test
  void everyClaimUnderTheTemplateIsALineage() {
    claim("shop", "orders", "one", 17);
    claim("shop", "orders", "two", 18);
    claim("bank", "ledger", "one", 18);
    store.create(new ObjectKey("pgbackup/shop/orders/one/notes.txt"), new byte[0], Map.of());

    assertThat(new Catalog(store).lineages(PrefixTemplate.DEFAULT))
        .extracting(lineage -> lineage.prefix().path())
        .containsExactly(
            "pgbackup/bank/ledger/one/18/",
            "pgbackup/shop/orders/one/17/",
            "pgbackup/shop/orders/two/18/");
  }

  @Test
  void aClaimSaysWhoseAFolderIsWhateverItsNameIs() {
    Claim claim = claim(StoreFolder.of("archive"), "shop", "orders", "one", 18);

    assertThat(new Catalog(store).lineages(new PrefixTemplate("archive")))
        .containsExactly(
            new Lineage(
                new ClusterId("shop", "orders"),
                new LineageUid("one"),
                StoreFolder.of("archive"),
                Optional.of(claim)));
  }

  @Test
  void theWholeBucketMayBeOneArchive() {
    store.create(new ObjectKey("wal_005/000000010000000000000001.lz4"), new byte[0], Map.of());

    assertThat(new Catalog(store).lineages(new PrefixTemplate("")))
        .extracting(lineage -> lineage.cluster().toString())
        .containsExactly("default/bucket");
  }

  @Test
  void aLineageThatHasNothingYetOffersNothing() {
    claim("shop", "orders", "one", 18);

    LineageCatalog catalog = readOnly(new Catalog(store));

    assertThat(catalog.backups()).isEmpty();
    assertThat(catalog.windows()).isEmpty();
    assertThat(catalog.lastCommit()).isEmpty();
    assertThat(catalog.path().timeline()).isEqualTo(Timeline.FIRST);
    assertThat(catalog.segmentSize()).isEqualTo(WalSegmentSize.DEFAULT);
  }

  @Test
  void whatWasReadOnceIsNotReadAgain() {
    // given
    ModelArchive model = new ModelArchive(new Random(7), Duration.ZERO);
    model.live(60);
    CountingStore counting = new CountingStore(model.store());
    Catalog catalog = new Catalog(counting);
    Lineage lineage = catalog.lineages(new PrefixTemplate("model")).getFirst();
    LineageCatalog first = catalog.read(lineage);
    assertThat(first.windows()).isNotEmpty();
    counting.opened.clear();

    // when
    LineageCatalog second = catalog.read(lineage);

    // then
    assertThat(second).isEqualTo(first);
    assertThat(counting.opened).isEmpty();
  }

  @Test
  void foreignObjectsBesideTheWalAreOverlooked() {
    claim("shop", "orders", "one", 18);
    ArchiveLayout layout =
        new ArchiveLayout(
            PrefixTemplate.DEFAULT.expand(
                new ClusterId("shop", "orders"), new LineageUid("one"), 18));
    for (String name :
        List.of(
            "000000010000000000000010_delta.lz4",
            "000000010000000000000008.partial.lz4",
            "000000010000000000000002.00000028.backup.lz4",
            "000000010000000000000003.json",
            "000000010000000000000100.lz4",
            "notes")) {
      store.create(layout.wal().key(name), "x".getBytes(US_ASCII), Map.of());
    }

    assertThat(readOnly(new Catalog(store)).segments()).isEmpty();
  }

  @Test
  void twoServersThatWentOnFromOneHistoryAreToldApart() {
    // given: timeline 2 came from a copy, and the server itself went on, with a new base backup
    ModelArchive model = new ModelArchive(new Random(7), Duration.ZERO);
    model.splitAndBackUpTheOld();
    Catalog catalog = new Catalog(model.store());
    Lineage lineage = catalog.lineages(new PrefixTemplate("model")).getFirst();

    LineageCatalog newest = catalog.read(lineage);
    LineageCatalog old = catalog.readAlong(lineage, Timeline.FIRST).orElseThrow();

    assertThat(newest.path().timeline()).isEqualTo(new Timeline(2));
    assertThat(newest.otherTimelines()).containsExactly(Timeline.FIRST);
    assertThat(newest.isSplit()).isTrue();
    assertThat(old.windows()).hasSize(1);
    assertThat(old.otherTimelines()).isEmpty();
    assertThat(old.isSplit()).isFalse();
    assertThat(catalog.readAlong(lineage, new Timeline(3))).isEmpty();
  }

  private static LineageCatalog readOnly(Catalog catalog) {
    return catalog.read(catalog.lineages(PrefixTemplate.DEFAULT).getFirst());
  }

  private void claim(String namespace, String name, String uid, int major) {
    claim(
        PrefixTemplate.DEFAULT.expand(new ClusterId(namespace, name), new LineageUid(uid), major),
        namespace,
        name,
        uid,
        major);
  }

  private Claim claim(StoreFolder prefix, String namespace, String name, String uid, int major) {
    return new Claims(store)
        .create(
            prefix,
            new Claim(
                new ClusterId(namespace, name),
                new LineageUid(uid),
                SyntheticWal.SYSTEM,
                new ServerVersion(major * 10000),
                WalSegmentSize.DEFAULT,
                Optional.empty(),
                Instant.parse("2026-08-20T12:00:00Z")));
  }

  private static final class CountingStore extends MemoryObjectStore {
    private final List<ObjectKey> opened = new ArrayList<>();

    private CountingStore(MemoryObjectStore original) {
      super(original);
    }

    @Override
    public synchronized InputStream open(ObjectKey key) {
      opened.add(key);
      return super.open(key);
    }
  }
}
