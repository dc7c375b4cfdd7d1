package io.pgbackup.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.doctor.QuirkyStore.Quirk;
import io.pgbackup.doctor.QuirkyStore.Request;
import io.pgbackup.doctor.SourceGuard.Whose;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.file.FileObjectStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SourceGuardTest {
  private static final ClusterId ORDERS = new ClusterId("shop", "orders");
  private static final ClusterId COPY = new ClusterId("shop", "copy");
  private static final String OWN = "pgbackup/shop/copy/";
  private static final String CLAIM = "pgbackup/shop/orders/u/18/pgbackup/claim.json";
  private static final String SENTINEL =
      "pgbackup/shop/orders/u/18/basebackups_005/b_backup_stop_sentinel.json";

  @TempDir private Path folder;

  private final QuirkyStore store = new QuirkyStore().holding(CLAIM).holding(SENTINEL);

  @BeforeEach
  void fillTheSource() throws IOException {
    write(SENTINEL);
  }

  private void write(String key) throws IOException {
    Path file = folder.resolve(key);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "{}");
  }

  private void check(Whose whose) {
    try (FileObjectStore source = FileObjectStore.open(folder)) {
      SourceGuard.refuseWriter(
          whose,
          store,
          source,
          List.of(new ObjectKey(CLAIM), new ObjectKey(SENTINEL)),
          ORDERS,
          COPY);
    }
  }

  @Test
  void aCredentialThatMayNotWriteThereIsFine() {
    store.forbidding((request, key) -> request == Request.PUT && !key.startsWith(OWN));

    check(Whose.OWN);
    check(Whose.READING);
    SourceGuard.requireFolder(store, ORDERS, COPY, OWN);
  }

  @Test
  void oneThatMayIsRefusedAndNothingIsChanged() throws IOException {
    Set<String> before = Set.copyOf(store.keys());

    assertThatThrownBy(() -> check(Whose.OWN))
        .hasMessageContaining(
            "this cluster's own credential could destroy the backups of shop/orders")
        .hasMessageContaining(SENTINEL)
        .extracting("problem", InstanceOfAssertFactories.type(Problem.Refused.class))
        .satisfies(
            problem ->
                assertThat(problem.hint().orElseThrow())
                    .contains("issue --namespace shop --cluster copy --role archiver"));
    write(CLAIM);
    assertThatThrownBy(() -> check(Whose.READING))
        .hasMessageContaining("the credential that reads the source")
        .hasMessageContaining(CLAIM);
    assertThat(store.keys()).containsExactlyInAnyOrderElementsOf(before);
  }

  @Test
  void aStoreThatKnowsNoConditionIsCaughtToo() {
    store.with(Quirk.IGNORES_IF_NONE_MATCH);

    assertThatThrownBy(() -> check(Whose.OWN)).hasMessageContaining("could destroy the backups");
    assertThat(store.keys()).hasSize(2);
  }

  @Test
  void aWrongKeyIsNoProof() {
    store.answering(403, "InvalidAccessKeyId");

    assertThatThrownBy(() -> check(Whose.OWN))
        .hasMessageContaining("the store does not know this cluster's own credential")
        .extracting("problem")
        .isInstanceOf(Problem.Misconfigured.class);
  }

  @Test
  void anOutageIsNoProof() {
    store.answering(503, "SlowDown");

    assertThatThrownBy(() -> check(Whose.OWN))
        .extracting("problem")
        .isInstanceOf(Problem.StorageFailed.class);
  }

  @Test
  void aCredentialThatCannotListItsOwnFolderIsOfNoUse() {
    store.forbidding((_, _) -> true);

    assertThatThrownBy(() -> SourceGuard.requireFolder(store, ORDERS, COPY, OWN))
        .hasMessageContaining("may not list its folder " + OWN)
        .extracting("problem")
        .isInstanceOf(Problem.Misconfigured.class);
  }
}
