package io.pgbackup.credentials.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.credentials.broker.Broker.Holder;
import io.pgbackup.lineage.Claim;
import io.pgbackup.lineage.Claims;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.file.FileObjectStore;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InventoryTest {
  private static final ClusterId ORDERS = new ClusterId("shop", "orders");
  private static final ClusterId STOCK = new ClusterId("shop", "stock");
  private static final String BACKUP = "/basebackups_005/base_000000010000000000000002";

  @TempDir Path directory;
  private ObjectStore store;
  private Inventory inventory;

  @BeforeEach
  void open() {
    store = FileObjectStore.open(directory);
    inventory = inventory(PrefixTemplate.DEFAULT);
  }

  @AfterEach
  void close() {
    inventory.close();
  }

  private Inventory inventory(PrefixTemplate template) {
    return new Inventory(store, "backups", template, Clock.systemUTC());
  }

  private void claimed(String folder, ClusterId cluster, String uid) {
    new Claims(store)
        .create(
            StoreFolder.of(folder),
            new Claim(
                cluster,
                new LineageUid(uid),
                new SystemIdentifier(7),
                new ServerVersion(180001),
                WalSegmentSize.DEFAULT,
                Optional.empty(),
                Instant.EPOCH));
  }

  private void adopted(String folder) {
    store.create(
        new ObjectKey(folder + BACKUP + "/metadata.json"),
        "{}".getBytes(StandardCharsets.UTF_8),
        Map.of());
  }

  private String folder(ClusterId cluster, String... uid) {
    Holder holder =
        inventory.read().find(cluster, List.of(uid).stream().map(LineageUid::new).findFirst());
    assertThat(holder.cluster()).isEqualTo(cluster);
    assertThat(holder.scope().bucket()).isEqualTo("backups");
    return holder.scope().folder().path();
  }

  private Problem refusal(Runnable call) {
    try {
      call.run();
    } catch (PgBackupException e) {
      return e.problem();
    }
    throw new AssertionError("was not refused");
  }

  @Test
  void aClaimedClusterHasTheFolderWithAllItsLineages() {
    claimed("pgbackup/shop/orders/u1/17", ORDERS, "u1");
    claimed("pgbackup/shop/orders/u2/18", ORDERS, "u2");

    assertThat(folder(ORDERS)).isEqualTo("pgbackup/shop/orders/");
    assertThat(folder(ORDERS, "u2")).isEqualTo("pgbackup/shop/orders/");
    assertThat(inventory.read().entries())
        .extracting(Inventory.Entry::uids)
        .containsExactly(List.of(new LineageUid("u1"), new LineageUid("u2")));
    assertThat(refusal(() -> folder(ORDERS, "u3")).message())
        .isEqualTo("shop/orders has no lineage u3");
  }

  @Test
  void anAdoptedClusterHasItsOwnFolder() {
    adopted("spilo/main/u-1/wal/15");
    adopted("backups/web/16");
    adopted("deep/below/db");

    assertThat(folder(new ClusterId("default", "main"))).isEqualTo("spilo/main/");
    assertThat(folder(new ClusterId("default", "web"))).isEqualTo("backups/web/");
    assertThat(folder(new ClusterId("default", "db"))).isEqualTo("deep/below/db/");
  }

  @Test
  void aClusterThatNobodyKnowsIsRefusedUntilItIsRegistered() {
    Problem unknown = refusal(() -> folder(ORDERS));
    assertThat(unknown).isInstanceOf(Problem.NotFound.class);
    assertThat(unknown.hint().orElseThrow())
        .contains("pgbackup -c FILE credentials bootstrap --namespace shop --cluster orders");

    // when: twice, as an operator may
    inventory.register(ORDERS, Optional.empty());
    Holder holder = inventory.register(ORDERS, Optional.empty());

    // then
    assertThat(holder.scope().folder().path()).isEqualTo("pgbackup/shop/orders/");
    assertThat(folder(ORDERS)).isEqualTo("pgbackup/shop/orders/");
    assertThat(store.list("pgbackup-broker/").map(object -> object.key().value()))
        .containsExactly("pgbackup-broker/clusters/shop/orders.json");
  }

  @Test
  void aFolderThatLiesInAnothersIsRefused() {
    adopted("backups/shop/16");
    Inventory mine =
        inventory(new PrefixTemplate("backups/$(NAMESPACE)/$(CLUSTER)/$(UID)/$(PGVERSION)"));

    assertThat(refusal(() -> mine.register(ORDERS, Optional.empty())).message())
        .isEqualTo(
            "the folder backups/shop/orders/ of shop/orders and the folder backups/shop/ of"
                + " default/shop lie in one another");
    claimed("backups/shop/orders/u/18", ORDERS, "u");
    assertThat(refusal(() -> mine.read().find(new ClusterId("default", "shop"), Optional.empty())))
        .isInstanceOf(Problem.Refused.class);
  }

  @Test
  void aClaimInAnothersFolderGivesNothing() {
    claimed("pgbackup/shop/orders/u1/18", ORDERS, "u1");
    claimed("pgbackup/shop/evil/u9/18", ORDERS, "u9");
    claimed("pgbackup/shop/evil/u8/18", new ClusterId("shop", "victim"), "u8");

    assertThat(folder(ORDERS)).isEqualTo("pgbackup/shop/orders/");
    assertThat(refusal(() -> folder(new ClusterId("shop", "victim"))).message())
        .contains("but the folder is shop/evil's");
  }

  /// Whoever holds the archiver credential of one cluster can write such a claim.
  @Test
  void aClaimThatIsPlantedInsideAnothersFolderTakesNobodysFolderAway() {
    claimed("pgbackup/shop/orders/u1/18", ORDERS, "u1");
    claimed("pgbackup/shop/stock/u2/18", STOCK, "u2");
    claimed("pgbackup/shop/orders/evil", STOCK, "u2");
    claimed("pgbackup/shop/orders/18", STOCK, "u3");

    assertThat(folder(STOCK)).isEqualTo("pgbackup/shop/stock/");
    assertThat(folder(STOCK, "u2")).isEqualTo("pgbackup/shop/stock/");
    assertThat(folder(ORDERS)).isEqualTo("pgbackup/shop/orders/");
    assertThat(inventory.read().all(STOCK)).hasSize(1);
    assertThat(inventory.read().unusable())
        .extracting(ClusterList.Unusable::reason)
        .contains(
            "the claim in pgbackup/shop/orders/evil/ says so, but the folder is shop/orders's");
  }

  @Test
  void aClaimThatIsPlantedInsideAnAdoptedFolderTakesNobodysFolderAway() {
    ClusterId web = new ClusterId("default", "web");
    adopted("spilo/main/u-1/wal/15");
    adopted("spilo/web/u-2/wal/15");
    claimed("pgbackup/shop/stock/u3/18", STOCK, "u3");
    claimed("spilo/main/evil", web, "u-2");
    claimed("spilo/main/worse", STOCK, "u3");

    assertThat(folder(web)).isEqualTo("spilo/web/");
    assertThat(folder(web, "u-2")).isEqualTo("spilo/web/");
    assertThat(folder(STOCK)).isEqualTo("pgbackup/shop/stock/");
    assertThat(folder(STOCK, "u3")).isEqualTo("pgbackup/shop/stock/");
  }

  @Test
  void aPlantedClaimKeepsNobodyFromBeingRegistered() {
    adopted("spilo/main/u-1/wal/15");
    claimed("spilo/main/evil", STOCK, "u9");
    claimed("pgbackup/shop/orders/u1/18", ORDERS, "u1");
    claimed("pgbackup/shop/orders/evil", new ClusterId("shop", "new"), "u8");

    assertThat(inventory.register(STOCK, Optional.empty()).scope().folder().path())
        .isEqualTo("pgbackup/shop/stock/");
    assertThat(folder(STOCK)).isEqualTo("pgbackup/shop/stock/");
    inventory.register(new ClusterId("shop", "new"), Optional.empty());
    assertThat(folder(new ClusterId("shop", "new"))).isEqualTo("pgbackup/shop/new/");
  }

  @Test
  void aClusterThatHasBackupsIsRegisteredWhereTheyLie() {
    ClusterId main = new ClusterId("default", "main");
    adopted("spilo/main/u-1/wal/15");

    inventory.register(main, Optional.empty());
    adopted("somewhere/main");

    assertThat(folder(main)).isEqualTo("spilo/main/");
    assertThat(inventory.read().entries())
        .filteredOn(Inventory.Entry::registered)
        .extracting(entry -> entry.scope().folder().path())
        .containsExactly("spilo/main/");
    inventory.register(main, Optional.of(new LineageUid("u-1")));
  }

  /// As after the in-place restore of an adopted archive.
  @Test
  void ofTwoFoldersTheOneOfNewLineagesIsMeantUnlessALineageIsNamed() {
    ClusterId main = new ClusterId("default", "main");
    adopted("spilo/main/u-1/wal/15");
    inventory.register(main, Optional.empty());
    claimed("pgbackup/default/main/u2/18", main, "u2");

    assertThat(folder(main)).isEqualTo("pgbackup/default/main/");
    assertThat(folder(main, "u-1")).isEqualTo("spilo/main/");
    assertThat(folder(main, "u2")).isEqualTo("pgbackup/default/main/");
    assertThat(inventory.read().all(main)).hasSize(2);
  }

  @Test
  void ofTwoAdoptedFoldersOneMustBeNamed() {
    ClusterId main = new ClusterId("default", "main");
    adopted("spilo/main/u-1/wal/15");
    adopted("backups/main/16");

    assertThat(refusal(() -> folder(main)).hint().orElseThrow())
        .startsWith("Say which by --uid: ")
        .contains("u-1 in spilo/main/", " in backups/main/");
  }

  @Test
  void aFolderThatNoPolicyCanBeLimitedToIsRefused() {
    adopted("data*/x");

    assertThat(inventory.read().unusable()).isNotEmpty();
    assertThatThrownBy(() -> folder(new ClusterId("default", "x")))
        .hasMessageContaining("'data*' has other characters");
  }
}
